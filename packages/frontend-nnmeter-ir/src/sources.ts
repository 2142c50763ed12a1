import { NnMeterError, quote } from '@nnmeter/ir';
import type { NnMeterIrNode } from './format.ts';
import { nodeRole, type Role } from './op-names.ts';
import { SlotAssignment } from './slots.ts';

/** Tells which tensor a reader gets from a node it names. */
export class Sources {
  readonly #raw: ReadonlyMap<string, NnMeterIrNode>;
  readonly #slots: SlotAssignment;
  readonly #roles = new Map<string, Role>();
  /** Name of an alias -> the tensor it stands for. */
  readonly #aliases = new Map<string, string>();

  constructor(raw: ReadonlyMap<string, NnMeterIrNode>) {
    this.#raw = raw;
    this.#slots = new SlotAssignment(raw);
  }

  role({ attr }: NnMeterIrNode): Role {
    if (attr.op !== undefined) return 'op';
    const type = attr.type ?? '';
    let role = this.#roles.get(type);
    if (role === undefined) {
      role = nodeRole(type);
      this.#roles.set(type, role);
    }
    return role;
  }

  /** The tensor that `consumer` gets from `producer`, the `edge`-th of its inbounds; identities are followed. */
  tensor(consumer: string, producer: string, edge: number): string {
    const trail: string[] = [];
    let [reader, source, at] = [consumer, producer, edge];
    let found = this.#aliases.get(source);
    while (found === undefined) {
      const node = this.#raw.get(source)!;
      if (this.role(node) !== 'alias') {
        found = slotName(source, this.#slots.slot(source, reader, at));
        break;
      }
      trail.push(source);
      const next = node.inbounds?.findIndex((inbound) => this.#raw.has(inbound)) ?? -1;
      if (next < 0 || trail.length > this.#raw.size) {
        throw new NnMeterError(
          'E_INVALID_GRAPH',
          `nn-Meter IR node ${quote(source)} (${quote(node.attr.type ?? '')}) ${next < 0 ? 'has no inbound to pass on' : 'passes on its own result'}`,
        );
      }
      [reader, source, at] = [source, node.inbounds![next]!, next];
      found = this.#aliases.get(source);
    }
    for (const alias of trail) this.#aliases.set(alias, found);
    return found;
  }
}

/** Number of results of a node. */
export function slotCount(node: NnMeterIrNode): number {
  return Math.max(1, node.attr.output_shape?.length ?? 0);
}

/** Name of one result. */
export function slotName(node: string, slot: number): string {
  return slot === 0 ? node : `${node}:${slot}`;
}
