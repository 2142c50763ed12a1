import type { Node, Tensor } from '@nnmeter/ir';

/** Nodes a device runs as one fused operation. */
export interface Kernel {
  /** Position in the list of kernels. */
  readonly index: number;
  /** `stages` joined by "-", e.g. `conv-bn-relu`. */
  readonly type: string;
  /**
   * One entry per stage: a canonical op, or a block's name (`se`, `hswish`, `channelshuffle`, ...) for several nodes.
   * A bias add after a linear layer is part of the layer's stage.
   */
  readonly stages: readonly string[];
  /** All member nodes in topological order. */
  readonly nodes: readonly Node[];
  /** Where they are in `graph.nodes`. */
  readonly positions: readonly number[];
  /**
   * The first node of the first stage; shape features come from it. It is as devices run it: where converters make one
   * operation of several nodes, it has that operation's attributes and tensors, and is none of the graph's own nodes.
   */
  readonly root: Node;
  /** Where the node that it is, or is made of, is in `graph.nodes`. */
  readonly rootPosition: number;
  /** Computed tensors read from outside the kernel (no constants), the root's data input first. */
  readonly inputs: readonly Tensor[];
  /** Tensors the kernel leaves behind: its last stage's results, without unused ones if there are several. */
  readonly outputs: readonly Tensor[];
  /** Indices of the kernels whose results it reads. */
  readonly inputKernels: readonly number[];
}
