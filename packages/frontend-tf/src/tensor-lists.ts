import { NnMeterError } from '@nnmeter/ir';
import type { TfNode } from './flatten.ts';

/** A list of tensors: the key of what was put into each place, and of the tensor the others are rows of. */
interface TensorList {
  readonly items: readonly (string | undefined)[];
  readonly rows?: string;
}

/** What a node on lists comes down to. */
export interface ListResult {
  /** Its results that are other nodes' results: slot -> key. */
  readonly aliases?: ReadonlyMap<number, string>;
  /** It is a node on these inputs. */
  readonly inputs?: readonly string[];
  /** Its result is a number. */
  readonly length?: number;
}

const NOTHING: ListResult = {};

/** Lists longer than this are not followed. */
const MAX_ITEMS = 100_000;
/** Places of all lists together: every step of a loop has lists of its own. */
const MAX_PLACES = 20_000_000;

/**
 * Follows lists of tensors (TensorList, TensorArray), in which loops keep what they read and write a step: putting a
 * tensor into a list and taking it out again costs nothing, joining the tensors of a list does.
 */
export class TensorLists {
  /** By the key of the list, for a TensorArray of its flow. */
  readonly #lists = new Map<string, TensorList>();
  #places = 0;
  readonly #valuesOf: (key: string) => readonly number[] | undefined;

  /** @param valuesOf the values of a computed result, if they are known */
  constructor(valuesOf: (key: string) => readonly number[] | undefined) {
    this.#valuesOf = valuesOf;
  }

  has(key: string): boolean {
    return this.#lists.has(key);
  }

  /** One list by another key. */
  share(key: string, other: string): void {
    const list = this.#lists.get(other);
    if (list !== undefined) this.#lists.set(key, list);
  }

  /**
   * Undefined for other nodes, and where what the list holds is not known.
   * @param inputs the keys that really compute the node's inputs
   */
  replace({ name, op }: TfNode, inputs: readonly string[]): ListResult | undefined {
    if (!op.startsWith('Tensor') && op !== 'EmptyTensorList') return undefined;
    const [first = '', second = '', third = '', fourth = ''] = inputs;
    switch (op) {
      case 'EmptyTensorList':
        return this.#define(`${name}:0`, { items: [] });
      case 'TensorListReserve':
        return this.#reserve(`${name}:0`, second);
      case 'TensorArrayV3':
        return this.#reserve(`${name}:1`, first);
      case 'TensorListFromTensor':
      case 'TensorListScatter':
      case 'TensorListScatterV2':
        return this.#define(`${name}:0`, { items: [], rows: first });
      case 'TensorArrayScatterV3':
        return this.#define(`${name}:0`, { items: [], rows: third });
      case 'TensorListSetItem':
        return this.#put(`${name}:0`, first, second, third);
      case 'TensorArrayWriteV3':
        return this.#put(`${name}:0`, fourth, second, third);
      case 'TensorListPushBack':
        return this.#push(`${name}:0`, first, second);
      case 'TensorListPopBack':
        return this.#pop(`${name}:0`, first);
      case 'TensorListResize':
        return this.#resize(`${name}:0`, first, second);
      case 'TensorListGetItem':
        return this.#take(first, second);
      case 'TensorArrayReadV3':
        return this.#take(third, second);
      case 'TensorListStack':
      case 'TensorListConcat':
      case 'TensorListConcatV2':
        return this.#join(first);
      case 'TensorListGather':
        return this.#join(first, second);
      case 'TensorArrayGatherV3':
        return this.#join(third, second);
      case 'TensorArrayConcatV3':
        return this.#join(second);
      case 'TensorListLength':
        return this.#length(first);
      case 'TensorArraySizeV3':
        return this.#length(second);
      default:
        return undefined;
    }
  }

  #define(key: string, list: TensorList): ListResult {
    this.#places += list.items.length;
    if (this.#places > MAX_PLACES) {
      throw new NnMeterError(
        'E_LIMIT',
        `lists of tensors have more than ${MAX_PLACES.toLocaleString('en')} places, those of all steps of loops together; no real network does, so reading it stops here`,
      );
    }
    this.#lists.set(key, list);
    return NOTHING;
  }

  #reserve(key: string, sizeKey: string): ListResult | undefined {
    const size = this.#valuesOf(sizeKey)?.[0];
    if (size === undefined || !(size >= 0 && size <= MAX_ITEMS)) return undefined;
    return this.#define(key, { items: new Array<undefined>(size).fill(undefined) });
  }

  #put(key: string, listKey: string, indexKey: string, item: string): ListResult | undefined {
    const list = this.#lists.get(listKey);
    const index = this.#valuesOf(indexKey)?.[0];
    if (list === undefined || index === undefined || !(index >= 0 && index < MAX_ITEMS))
      return undefined;
    const items = [...list.items];
    while (items.length < index) items.push(undefined);
    items[index] = item;
    return this.#define(key, { ...list, items });
  }

  #push(key: string, listKey: string, item: string): ListResult | undefined {
    const list = this.#lists.get(listKey);
    return list && this.#define(key, { ...list, items: [...list.items, item] });
  }

  #pop(key: string, listKey: string): ListResult | undefined {
    const list = this.#lists.get(listKey);
    const item = list?.items.at(-1);
    if (list === undefined || item === undefined) return undefined;
    this.#define(key, { ...list, items: list.items.slice(0, -1) });
    return { aliases: new Map([[1, item]]) };
  }

  #resize(key: string, listKey: string, sizeKey: string): ListResult | undefined {
    const list = this.#lists.get(listKey);
    const size = this.#valuesOf(sizeKey)?.[0];
    if (list === undefined || size === undefined || !(size >= 0 && size <= MAX_ITEMS))
      return undefined;
    const items = Array.from({ length: size }, (_, index) => list.items[index]);
    return this.#define(key, { ...list, items });
  }

  #take(listKey: string, indexKey: string): ListResult | undefined {
    const list = this.#lists.get(listKey);
    const item = list?.items[this.#valuesOf(indexKey)?.[0] ?? -1];
    if (item !== undefined) return { aliases: new Map([[0, item]]) };
    return list?.rows === undefined ? undefined : { inputs: [list.rows, indexKey] };
  }

  /** Places nothing was put into are zeros, as large as the others. */
  #join(listKey: string, indicesKey?: string): ListResult | undefined {
    const list = this.#lists.get(listKey);
    const any = list?.items.find((item) => item !== undefined);
    if (list === undefined) return undefined;
    if (any === undefined)
      return list.rows === undefined ? undefined : { aliases: new Map([[0, list.rows]]) };
    const indices = indicesKey === undefined ? undefined : this.#valuesOf(indicesKey);
    const items = indices?.map((index) => list.items[index]) ?? list.items;
    return { inputs: items.map((item) => item ?? any) };
  }

  #length(listKey: string): ListResult | undefined {
    const list = this.#lists.get(listKey);
    return list === undefined || list.rows !== undefined
      ? undefined
      : { length: list.items.length };
  }
}
