import { ByteReader } from './byte-reader.ts';
import { malformed, unsupported } from './errors.ts';
import { PickleGlobal, PickleObject, type PickleValue } from './values.ts';

/** A forest has about 110 opcodes a tree; more than this is an attempt to exhaust memory. */
const MAX_OPCODES = 5_000_000;
/** Opcodes of one byte make objects of hundreds; a forest of 1000 trees takes a tenth of this, its arrays being views. */
const MAX_OBJECT_BYTES = 128 * 2 ** 20;
const HIGHEST_PROTOCOL = 5;

type RefusalOf = (module: string, name: string) => string | undefined;

/**
 * Runs the opcodes of a pickle (protocols 2 to 5, PEP 307, 3154, 574) as data: classes stay names, calls stay
 * {@link PickleObject}s. Time and memory are linear in the file; recursion is not used, so nesting costs nothing.
 * @param refusalOf judges every class and function by its name as soon as it appears
 * @throws NnMeterError E_WEIGHTS if malformed, E_UNSUPPORTED_FORMAT for refused names and other protocols
 */
export function readPickle(bytes: Uint8Array, refusalOf: RefusalOf): PickleValue {
  const reader = new ByteReader(bytes);
  if (bytes[0] !== 0x80) {
    throw unsupported(
      'it is no pickle of protocol 2 to 5 (a compressed file, or protocol 0 or 1?)',
    );
  }
  const machine = new PickleMachine(reader, refusalOf);
  for (let count = 0; count < MAX_OPCODES; count++) {
    const opcode = reader.uint8();
    if (opcode === STOP) return machine.pop();
    const step = STEPS[opcode];
    if (!step) {
      const hex = opcode.toString(16).padStart(2, '0');
      throw unsupported(`opcode 0x${hex} at offset ${reader.offset - 1} is not read`);
    }
    step(machine, reader);
  }
  throw unsupported(`more than ${MAX_OPCODES} opcodes`);
}

class PickleMachine {
  readonly #refusalOf: RefusalOf;
  readonly #reader: ByteReader;
  readonly #memo = new Map<number, PickleValue>();
  /** Stacks below the open marks, outermost first. */
  readonly #outer: PickleValue[][] = [];
  #stack: PickleValue[] = [];
  /** Estimate of the memory of all objects made, dropped or not. */
  #objectBytes = 0;

  constructor(reader: ByteReader, refusalOf: RefusalOf) {
    this.#reader = reader;
    this.#refusalOf = refusalOf;
  }

  /** Pushes a value that has been counted. */
  push(value: PickleValue): void {
    this.#count(ENTRY_BYTES);
    this.#stack.push(value);
  }

  /** Pushes a value that is new. */
  make(value: PickleValue): void {
    this.#count(objectBytes(value));
    this.push(value);
  }

  #count(bytes: number): void {
    this.#objectBytes += bytes;
    if (this.#objectBytes > MAX_OBJECT_BYTES) {
      throw unsupported(`its objects take more than ${MAX_OBJECT_BYTES} bytes, as of no forest`);
    }
  }

  pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined) throw malformed(`the stack is empty at offset ${this.#reader.offset}`);
    return value;
  }

  top(): PickleValue {
    const value = this.pop();
    this.#stack.push(value);
    return value;
  }

  mark(): void {
    this.#count(LIST_BYTES);
    this.#outer.push(this.#stack);
    this.#stack = [];
  }

  /** All values since the last mark. */
  popToMark(): PickleValue[] {
    const items = this.#stack;
    const outer = this.#outer.pop();
    if (!outer) throw malformed(`no mark is set at offset ${this.#reader.offset}`);
    this.#stack = outer;
    return items;
  }

  popTuple(size: number): PickleValue[] {
    const items = Array.from({ length: size }, () => this.pop());
    return items.reverse();
  }

  put(index: number): void {
    this.#count(MAP_ENTRY_BYTES);
    this.#memo.set(index, this.top());
  }

  memoize(): void {
    this.put(this.#memo.size);
  }

  get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw malformed(`memo ${index} was never set`);
    this.push(value);
  }

  refer(module: PickleValue, name: PickleValue): void {
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw malformed('the name of a class is not text');
    }
    const refusal = this.#refusalOf(module, name);
    if (refusal !== undefined) throw unsupported(refusal);
    this.make(new PickleGlobal(module, name));
  }

  call(): void {
    const args = this.pop();
    const callable = this.pop();
    if (!(callable instanceof PickleGlobal) || !Array.isArray(args)) {
      throw malformed(`a call at offset ${this.#reader.offset} of something that is no class`);
    }
    this.make(new PickleObject(callable, args));
  }

  build(): void {
    const state = this.pop();
    const target = this.top();
    if (!(target instanceof PickleObject)) throw malformed('state is given to a plain value');
    target.state = state;
  }

  /** Items of list subclasses and other objects are of no interest here. */
  append(items: PickleValue[]): void {
    this.#count(items.length * ENTRY_BYTES);
    const target = this.top();
    if (Array.isArray(target)) for (const item of items) target.push(item);
    else if (!(target instanceof PickleObject))
      throw malformed('items are appended to a plain value');
  }

  setItems(items: PickleValue[]): void {
    this.#count(items.length * MAP_ENTRY_BYTES);
    const target = this.top();
    if (target instanceof Map) fillMap(target, items);
    else if (!(target instanceof PickleObject)) throw malformed('items are set in a plain value');
  }
}

/** Bytes an object takes in V8, with the room that growing lists and maps keep. */
const LIST_BYTES = 176;
const MAP_BYTES = 240;
const VIEW_BYTES = 192;
const OTHER_BYTES = 64;
/** Of a list or a stack, and of a map. */
const ENTRY_BYTES = 16;
const MAP_ENTRY_BYTES = 64;

/** Of a new value; texts and bytes are no longer than in the file and count as the object alone. */
function objectBytes(value: PickleValue): number {
  if (Array.isArray(value)) return LIST_BYTES + value.length * ENTRY_BYTES;
  if (value instanceof Map) return MAP_BYTES + value.size * MAP_ENTRY_BYTES;
  return value instanceof Uint8Array ? VIEW_BYTES : OTHER_BYTES;
}

function fillMap(map: Map<PickleValue, PickleValue>, items: PickleValue[]): void {
  if (items.length % 2 !== 0) throw malformed('a dict has a key without a value');
  for (let i = 0; i < items.length; i += 2) map.set(items[i]!, items[i + 1]!);
}

function toMap(items: PickleValue[]): Map<PickleValue, PickleValue> {
  const map = new Map<PickleValue, PickleValue>();
  fillMap(map, items);
  return map;
}

type Step = (machine: PickleMachine, reader: ByteReader) => void;

const STOP = 0x2e;

const STEPS: Readonly<Record<number, Step>> = {
  // Stack and memo
  40: (m) => m.mark(), // MARK
  48: (m) => void m.pop(), // POP
  49: (m) => void m.popToMark(), // POP_MARK
  50: (m) => m.push(m.top()), // DUP
  104: (m, r) => m.get(r.uint8()), // BINGET
  106: (m, r) => m.get(r.uint32()), // LONG_BINGET
  113: (m, r) => m.put(r.uint8()), // BINPUT
  114: (m, r) => m.put(r.uint32()), // LONG_BINPUT
  148: (m) => m.memoize(), // MEMOIZE
  149: (_, r) => void r.uint64(), // FRAME: a hint for buffering
  128: (_, r) => {
    const protocol = r.uint8(); // PROTO
    if (protocol < 2 || protocol > HIGHEST_PROTOCOL) {
      throw unsupported(`pickle protocol ${protocol}; protocols 2 to ${HIGHEST_PROTOCOL} are read`);
    }
  },

  // Numbers and constants
  78: (m) => m.push(null), // NONE
  136: (m) => m.push(true), // NEWTRUE
  137: (m) => m.push(false), // NEWFALSE
  71: (m, r) => m.make(r.float64()), // BINFLOAT
  74: (m, r) => m.make(r.int32()), // BININT
  75: (m, r) => m.make(r.uint8()), // BININT1
  77: (m, r) => m.make(r.uint16()), // BININT2
  138: (m, r) => m.make(r.integer(r.uint8())), // LONG1
  139: (m, r) => m.make(r.integer(r.uint32())), // LONG4

  // Text and bytes
  84: (m, r) => m.make(r.latin1(r.uint32())), // BINSTRING
  85: (m, r) => m.make(r.latin1(r.uint8())), // SHORT_BINSTRING
  88: (m, r) => m.make(r.text(r.uint32())), // BINUNICODE
  140: (m, r) => m.make(r.text(r.uint8())), // SHORT_BINUNICODE
  141: (m, r) => m.make(r.text(r.uint64())), // BINUNICODE8
  66: (m, r) => m.make(r.take(r.uint32())), // BINBYTES
  67: (m, r) => m.make(r.take(r.uint8())), // SHORT_BINBYTES
  142: (m, r) => m.make(r.take(r.uint64())), // BINBYTES8
  150: (m, r) => m.make(r.take(r.uint64())), // BYTEARRAY8

  // Containers
  41: (m) => m.make([]), // EMPTY_TUPLE
  93: (m) => m.make([]), // EMPTY_LIST
  125: (m) => m.make(new Map()), // EMPTY_DICT
  143: (m) => m.make([]), // EMPTY_SET
  116: (m) => m.make(m.popToMark()), // TUPLE
  108: (m) => m.make(m.popToMark()), // LIST
  145: (m) => m.make(m.popToMark()), // FROZENSET
  100: (m) => m.make(toMap(m.popToMark())), // DICT
  133: (m) => m.make(m.popTuple(1)), // TUPLE1
  134: (m) => m.make(m.popTuple(2)), // TUPLE2
  135: (m) => m.make(m.popTuple(3)), // TUPLE3
  97: (m) => m.append(m.popTuple(1)), // APPEND
  101: (m) => m.append(m.popToMark()), // APPENDS
  144: (m) => m.append(m.popToMark()), // ADDITEMS
  115: (m) => m.setItems(m.popTuple(2)), // SETITEM
  117: (m) => m.setItems(m.popToMark()), // SETITEMS

  // Classes and calls
  99: (m, r) => m.refer(r.line(), r.line()), // GLOBAL
  147: (m) => {
    const [module, name] = m.popTuple(2); // STACK_GLOBAL
    m.refer(module!, name!);
  },
  82: (m) => m.call(), // REDUCE
  129: (m) => m.call(), // NEWOBJ
  146: (m) => {
    m.pop(); // NEWOBJ_EX: keyword arguments
    m.call();
  },
  98: (m) => m.build(), // BUILD
};
