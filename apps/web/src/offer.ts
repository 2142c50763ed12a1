/** A file that the server of the page gives by ranges (HTTP 206). */
export interface OfferedFile {
  /** Of a file beside a model the path by which the model refers to it. */
  readonly name: string;
  readonly size: number;
  /** Relative to the page. */
  readonly url: string;
}

/** A model on the disk of the server. */
export interface OfferedModel {
  readonly name: string;
  /** The model's own file first, then those beside it that it refers to. */
  readonly files: readonly OfferedFile[];
}

/** Models that the page is to show at once. */
export interface Offer {
  readonly models: readonly OfferedModel[];
  /** Names of torchvision networks. */
  readonly networks: readonly string[];
}
