import { getSystemErrorMap } from 'node:util';

/** Why reading failed, without the call and the path that Node puts around it. */
export function errorWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { errno } = error as NodeJS.ErrnoException;
  return (errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]) ?? error.message;
}

/** A failure with its file, which errors of DTS source and of unpacked trees name themselves. */
export function failureWords(file: string, words: string): string {
  const named = words.startsWith(`${file}:`) || words.startsWith(`${file}/`);
  return named ? words : `${file === '' ? "''" : file}: ${words}`;
}
