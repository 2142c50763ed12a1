import type { ViewedKernel } from './page-data.ts';

/** A module of a network, or a kernel in it. */
export interface Module {
  readonly name: string;
  /** The kernel; undefined for a module. */
  readonly kernel?: ViewedKernel;
  readonly children: readonly Module[];
  /** Of all kernels in it. */
  readonly latencyMs: number;
}

/** A module with its place in an icicle: how much time is left of its sides, and how many levels are above it. */
export interface ModuleCell {
  readonly module: Module;
  readonly parent: ModuleCell | undefined;
  readonly depth: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** Deeper paths go on in one name. */
const MAX_DEPTH = 8;
/** Of a name that is looked at. */
const MAX_PARTS = 50;

/**
 * The modules around a node, by its name, each with all that its own name says: of `/layer1/layer1.0/conv2/Conv`, and of
 * `layer1.0/conv2/Conv`, they are layer1, layer1.0 and conv2; of `layer1.0.conv2`, layer1 and layer1.0.
 */
export function modulePath(node: string): readonly string[] {
  const parts = node.split('/', MAX_PARTS).filter((part) => part !== '');
  const last = parts.pop() ?? '';
  const modules: string[] = [];
  const enter = (name: string): void => {
    if (modules.length === MAX_DEPTH) modules[MAX_DEPTH - 1] += `/${name}`;
    else if (modules.at(-1) !== name) modules.push(name);
  };
  for (const part of [...parts, ...(parts.length === 0 ? [withoutEnd(last)] : [])]) {
    const sections = part.split('.', MAX_PARTS);
    for (let end = 1; end < sections.length; end++) {
      const outer = sections.slice(0, end).join('.');
      if (!modules.includes(outer)) enter(outer);
    }
    if (part !== '') enter(part);
  }
  return modules;
}

function withoutEnd(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('.')));
}

/** The modules of kernels with their times, in the order of execution; kernels without a path go by their type. */
export function moduleTree(kernels: readonly ViewedKernel[], name: string): Module {
  const root = new Branch(name);
  for (const kernel of kernels) {
    const path = kernel.path.length > 0 ? kernel.path : [kernel.type];
    let branch = root;
    for (const part of path) branch = branch.child(part);
    branch.kernels.push(kernel);
  }
  return root.toModule();
}

class Branch {
  readonly kernels: ViewedKernel[] = [];
  readonly #children = new Map<string, Branch>();
  readonly #order: Branch[] = [];

  constructor(readonly name: string) {}

  child(name: string): Branch {
    const known = this.#children.get(name);
    if (known !== undefined) return known;
    const branch = new Branch(name);
    this.#children.set(name, branch);
    this.#order.push(branch);
    return branch;
  }

  toModule(): Module {
    const modules = this.#order.map((branch) => branch.toModule());
    const leaves = this.kernels.map((kernel) => ({
      name: kernel.type,
      kernel,
      children: [],
      latencyMs: kernel.latencyMs,
    }));
    const children = [...modules, ...leaves];
    const latencyMs = children.reduce((sum, child) => sum + child.latencyMs, 0);
    return { name: this.name, children, latencyMs };
  }
}

export function rootCell(module: Module): ModuleCell {
  return { module, parent: undefined, depth: 0, startMs: 0, endMs: module.latencyMs };
}

/** A module, all that it is in, and what is in it and takes a share of its time. */
export function cellsWithin(top: ModuleCell, leastShare: number): readonly ModuleCell[] {
  const least = leastShare * (top.endMs - top.startMs);
  const found: ModuleCell[] = [];
  for (let { parent } = top; parent !== undefined; { parent } = parent) found.push(parent);
  const open = [top];
  for (let cell = open.pop(); cell !== undefined; cell = open.pop()) {
    found.push(cell);
    const depth = cell.depth + 1;
    let startMs = cell.startMs;
    for (const module of cell.module.children) {
      const endMs = startMs + module.latencyMs;
      if (module.latencyMs >= least && module.latencyMs > 0)
        open.push({ module, parent: cell, depth, startMs, endMs });
      startMs = endMs;
    }
  }
  return found;
}
