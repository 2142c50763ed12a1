/** A folder as it was typed, without slashes at its end; the root of a file system or drive keeps one. */
export function withoutEndSlash(folder: string): string {
  return folder.replace(/(?<=[^/\\:])[/\\]+$/, '');
}

/** The path of an entry of such a folder. Slashes work on Windows too, and look the same in every report. */
export function entryOf(folder: string, name: string): string {
  return /[/\\]$/.test(folder) ? folder + name : `${folder}/${name}`;
}
