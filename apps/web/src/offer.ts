/** A file that the server of the page gives by ranges (HTTP 206). */
export interface OfferedFile {
  /** With the folder that it makes a model: `saved/saved_model.pb`. */
  readonly name: string;
  readonly size: number;
  /** Relative to the page. */
  readonly url: string;
}

/** Models that the page is to show at once. */
export interface Offer {
  readonly files: readonly OfferedFile[];
  /** Names of torchvision networks. */
  readonly networks: readonly string[];
}
