import type picocolors from 'picocolors';

export type Colors = ReturnType<typeof picocolors.createColors>;

/** What tables and coloured texts depend on. */
export interface TextStyle {
  /** Colours, or functions that leave the text plain. */
  readonly colors: Colors;
  /** Columns available for tables. */
  readonly width: number;
}
