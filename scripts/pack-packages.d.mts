/** Root of the repository, with a slash at its end. */
export const ROOT: string;

export interface PackedPackage {
  readonly name: string;
  readonly folder: string;
  readonly manifest: Readonly<Record<string, unknown>>;
  /** The tarball. */
  readonly filename: string;
  /** The paths in it. */
  readonly files: readonly string[];
}

export function packPackages(destination: string): PackedPackage[];

/** The files of a package's tarball, by their path in the package. */
export function readTarball(path: string): ReadonlyMap<string, Uint8Array>;
