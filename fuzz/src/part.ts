/** What a leaf of a file holds. */
export type Scalar = string | number | bigint | boolean | null | Uint8Array;

/** A file as a tree of parts that can be left out, repeated, exchanged or changed. */
export interface Part {
  /** What the part is of its parent: a key, the number of a field, an opcode. Parts of one label are alike. */
  readonly label: string;
  /** What it is in the words of its syntax, e.g. `array` or `varint`. */
  readonly kind: string;
  readonly value: Scalar | readonly Part[];
}

/** How a format writes its parts as bytes. */
export interface Syntax {
  parse(bytes: Uint8Array): Part;
  print(root: Part): Uint8Array;
  /** Values that a part of a kind may take and readers tend to forget, as kind and value. */
  values(kind: string): readonly Pick<Part, 'kind' | 'value'>[];
}

/** The parts of a part; none of a leaf. */
export function children(part: Part): readonly Part[] {
  return Array.isArray(part.value) ? part.value : [];
}
