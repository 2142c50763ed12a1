import type { DataType, Layout, Shape, TensorKind } from '@nnmeter/ir';

/** A tensor of the graph to be. */
export class Value {
  readonly kind: TensorKind;
  dataType: DataType;
  /** Undefined where it depends on data. */
  shape: Shape | undefined;
  layout: Layout | undefined;
  /** Values of a constant that is small. */
  readonly values: readonly number[] | undefined;
  /** Given when what computes it is read to the end. */
  name = '';
  /** What a variable was last assigned, of the value that stands for the variable. */
  assigned: Value | undefined;

  constructor(
    kind: TensorKind,
    dataType: DataType,
    shape: Shape | undefined,
    more: {
      readonly layout?: Layout | undefined;
      readonly values?: readonly number[] | undefined;
    } = {},
  ) {
    this.kind = kind;
    this.dataType = dataType;
    this.shape = shape;
    this.layout = more.layout;
    this.values = more.values;
  }
}
