/** Has the browser save a file. */
export function save(blob: Blob, file: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = file;
  link.click();
  // The browser takes it over in its own time.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
