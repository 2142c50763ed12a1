import fc from 'fast-check';
import { children, type Part, type Syntax } from './part.ts';

/** More parts than any of our files has; mutants stay far below 5 MB. */
const MAX_PARTS = 30_000;

/** Numbers choose by their remainder, so that each edit fits each file and shrinks on its own. */
interface Edit {
  readonly kind: keyof typeof EDITS;
  readonly at: number;
  readonly from: number;
  readonly choice: number;
}

const REPEATS = [2, 2, 3, 10, 300];
const DEPTHS = [1, 1, 2, 20, 300];

/** A place in a tree: one of the parts of a parent. */
interface Place {
  readonly parent: Part;
  readonly index: number;
}

interface Situation {
  readonly places: readonly Place[];
  readonly part: Part;
  readonly edit: Edit;
  readonly syntax: Syntax;
  /** Parts of other files. */
  readonly donors: readonly Part[];
}

/** What each edit puts in the place of a part. */
const EDITS = {
  drop: () => [],
  repeat: ({ part, edit }: Situation) => {
    const most = Math.max(1, Math.floor(MAX_PARTS / countParts(part)));
    return new Array<Part>(Math.min(pick(REPEATS, edit.choice), most)).fill(part);
  },
  set: ({ part, edit, syntax }: Situation) => {
    const values = syntax.values(part.kind);
    return values.length === 0 ? [part] : [{ ...part, ...pick(values, edit.choice) }];
  },
  nudge: ({ part, edit }: Situation) => [{ ...part, value: nudged(part.value, edit.choice) }],
  /** Takes the value of another part of that label, of this file or another. */
  exchange: ({ part, places, edit, donors }: Situation) => {
    const own = places.map(partAt);
    const like = [...own, ...donors].filter(({ label, kind }) =>
      edit.choice % 4 === 0 ? kind === part.kind : label === part.label && kind === part.kind,
    );
    return [{ ...part, value: pick(like, edit.from).value }];
  },
  /** Puts another part of the file beside it. */
  add: ({ part, places, edit, donors }: Situation) => {
    const other = pick(edit.choice % 2 === 0 ? places.map(partAt) : donors, edit.from);
    return [part, other];
  },
  /** Goes by the label of another part. */
  rename: ({ part, places, edit }: Situation) => [
    { ...part, label: partAt(pick(places, edit.from)).label },
  ],
  nest: ({ part, edit, places }: Situation) => {
    const { parent } = pick(places, edit.from);
    let nested = part;
    for (let depth = pick(DEPTHS, edit.choice); depth > 0; depth--)
      nested = { ...parent, label: part.label, value: [nested] };
    return [nested];
  },
} satisfies Record<string, (situation: Situation) => readonly Part[]>;

function nudged(value: Part['value'], choice: number): Part['value'] {
  if (typeof value === 'number') return pick([value + 1, value - 1, value * 2, -value], choice);
  if (typeof value === 'bigint') return pick([value + 1n, value - 1n, value * 2n, -value], choice);
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string') {
    const at = choice % (value.length + 1);
    return choice % 2 === 0 ? value.slice(0, at) : `${value.slice(0, at)}1${value.slice(at)}`;
  }
  if (value instanceof Uint8Array && value.length > 0) {
    const copy = value.slice();
    copy[choice % copy.length]! ^= 1 << ((choice >>> 8) % 8);
    return copy;
  }
  return value;
}

function partAt({ parent, index }: Place): Part {
  return children(parent)[index]!;
}

function pick<T>(list: readonly T[], choice: number): T {
  return list[choice % list.length]!;
}

function countParts(part: Part): number {
  return children(part).reduce((sum, child) => sum + countParts(child), 1);
}

/** All places of a tree, the root's own left out. */
function placesOf(root: Part): Place[] {
  const places: Place[] = [];
  const open = [root];
  for (let parent = open.pop(); parent !== undefined; parent = open.pop()) {
    for (const [index, child] of children(parent).entries()) {
      places.push({ parent, index });
      open.push(child);
    }
  }
  return places;
}

/** The tree with a part of it replaced by others; what lies beside the way to it is shared. */
function replaced(root: Part, { parent, index }: Place, by: readonly Part[]): Part {
  if (root === parent) return { ...root, value: children(root).toSpliced(index, 1, ...by) };
  const parts = children(root);
  const changed = parts.map((part) =>
    Array.isArray(part.value) ? replaced(part, { parent, index }, by) : part,
  );
  return changed.some((part, at) => part !== parts[at]) ? { ...root, value: changed } : root;
}

function apply(root: Part, edit: Edit, syntax: Syntax, donors: readonly Part[]): Part {
  const places = placesOf(root);
  if (places.length === 0 || places.length > MAX_PARTS) return root;
  const place = pick(places, edit.at);
  const make: (situation: Situation) => readonly Part[] = EDITS[edit.kind];
  return replaced(root, place, make({ places, part: partAt(place), edit, syntax, donors }));
}

const number = fc.noBias(fc.nat());

const edits: fc.Arbitrary<readonly Edit[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...(Object.keys(EDITS) as (keyof typeof EDITS)[])),
    at: number,
    from: number,
    choice: number,
  }),
  { minLength: 1, maxLength: 5 },
);

/** Bytes cut out, put in or changed, wherever they stand. */
const damages = fc.array(
  fc.record({ at: number, cut: fc.nat(8), bytes: fc.uint8Array({ maxLength: 8 }) }),
  { minLength: 1, maxLength: 4 },
);

function seldom<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
}

type Damage = typeof damages extends fc.Arbitrary<infer T> ? T : never;

function damaged(bytes: Uint8Array, damage: Damage): Uint8Array {
  let result = Buffer.from(bytes);
  for (const { at, cut, bytes: put } of damage) {
    const start = at % (result.length + 1);
    result = Buffer.concat([result.subarray(0, start), put, result.subarray(start + cut)]);
  }
  return new Uint8Array(result);
}

export interface MutantOptions {
  /** Whether some mutants have changes that pay no regard to the syntax; default true. */
  readonly damage?: boolean;
}

/** Mutants of files: a few of their parts changed, seldom a few of their bytes. */
export function mutants(
  syntax: Syntax,
  files: readonly Uint8Array[],
  { damage = true }: MutantOptions = {},
): fc.Arbitrary<Uint8Array> {
  if (files.length === 0) throw new Error('there are no files to make mutants of');
  const roots = files.map((file) => syntax.parse(file));
  const donors = roots.flatMap((root) => placesOf(root).slice(0, 200).map(partAt));
  return fc
    .record({
      file: fc.noBias(fc.nat(files.length - 1)),
      edits,
      damage: damage ? seldom(damages) : fc.constant(null),
    })
    .map(({ file, edits: steps, damage: last }) => {
      if (last !== null && steps.length === 1) return damaged(files[file]!, last);
      let root = roots[file]!;
      for (const step of steps) root = apply(root, step, syntax, donors);
      const bytes = syntax.print(root);
      return last === null ? bytes : damaged(bytes, last);
    });
}
