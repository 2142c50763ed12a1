import type { NnMeterIrNode } from './format.ts';

/**
 * Which result of a node with several each reader gets. The format does not say, so readers, in the order of
 * `outbounds`, take turns among the results of the shape they expect.
 */
export class SlotAssignment {
  readonly #raw: ReadonlyMap<string, NnMeterIrNode>;
  /** Producer -> reader -> slot by position in the reader's `inbounds`. */
  #slots: Map<string, Map<string, Map<number, number>>> | undefined;

  constructor(raw: ReadonlyMap<string, NnMeterIrNode>) {
    this.#raw = raw;
  }

  slot(producer: string, reader: string, edge: number): number {
    const count = this.#raw.get(producer)?.attr.output_shape?.length ?? 1;
    if (count < 2) return 0;
    const stated = this.#raw.get(reader)?.attr.input_slots?.[edge];
    if (stated !== undefined && stated < count) return stated;
    this.#slots ??= this.#assignAll();
    return this.#slots.get(producer)?.get(reader)?.get(edge) ?? 0;
  }

  #assignAll(): Map<string, Map<string, Map<number, number>>> {
    const edges = new Map<string, Map<string, number[]>>();
    for (const [reader, node] of this.#raw) {
      node.inbounds?.forEach((producer, edge) => {
        if ((this.#raw.get(producer)?.attr.output_shape?.length ?? 0) < 2) return;
        let readers = edges.get(producer);
        if (readers === undefined) {
          readers = new Map();
          edges.set(producer, readers);
        }
        const positions = readers.get(reader);
        if (positions === undefined) readers.set(reader, [edge]);
        else positions.push(edge);
      });
    }
    const slots = new Map<string, Map<string, Map<number, number>>>();
    for (const [producer, readers] of edges) slots.set(producer, this.#assign(producer, readers));
    return slots;
  }

  #assign(
    producer: string,
    readers: ReadonlyMap<string, readonly number[]>,
  ): Map<string, Map<number, number>> {
    const { attr, outbounds = [] } = this.#raw.get(producer)!;
    const all = attr.output_shape!.map((_, slot) => slot);
    const byShape = new Map<string | undefined, number[]>();
    attr.output_shape!.forEach((shape, slot) => {
      const key = shape?.join();
      const equal = byShape.get(key);
      if (equal === undefined) byShape.set(key, [slot]);
      else equal.push(slot);
    });
    const turns = new Map<readonly number[], number>();
    const assigned = new Map<string, Map<number, number>>();
    for (const reader of new Set([...outbounds, ...readers.keys()])) {
      const positions = readers.get(reader);
      if (positions === undefined) continue;
      const expected = this.#raw.get(reader)!.attr.input_shape;
      const slotOfEdge = new Map<number, number>();
      for (const edge of positions) {
        const fitting = byShape.get(expected?.[edge]?.join()) ?? all;
        const turn = turns.get(fitting) ?? 0;
        turns.set(fitting, turn + 1);
        slotOfEdge.set(edge, fitting[turn % fitting.length]!);
      }
      assigned.set(reader, slotOfEdge);
    }
    return assigned;
  }
}
