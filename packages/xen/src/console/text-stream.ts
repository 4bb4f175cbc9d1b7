import { Observable } from 'rxjs';

/** Bytes as they come, as text: UTF-8, also where a character is cut between two pieces; wrong bytes become U+FFFD. */
export function decodeText(bytes$: Observable<Uint8Array>): Observable<string> {
  return new Observable((subscriber) => {
    const decoder = new TextDecoder();
    const say = (text: string): void => {
      if (text !== '') subscriber.next(text);
    };
    return bytes$.subscribe({
      next: (bytes) => say(decoder.decode(bytes, { stream: true })),
      error: (error) => subscriber.error(error),
      complete: () => {
        say(decoder.decode());
        subscriber.complete();
      },
    });
  });
}

/** Text as it comes, cut into lines without their ends; what is left when the stream ends is the last one. */
export function splitLines(text$: Observable<string>, longest: number = LINE_LENGTH_MAX): Observable<string> {
  return new Observable((subscriber) => {
    let rest = '';
    return text$.subscribe({
      next: (text) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() as string;
        for (const line of lines) subscriber.next(line.replace(/\r$/, ''));
        for (; rest.length >= longest; rest = rest.slice(longest)) subscriber.next(rest.slice(0, longest));
      },
      error: (error) => subscriber.error(error),
      complete: () => {
        if (rest !== '') subscriber.next(rest.replace(/\r$/, ''));
        subscriber.complete();
      },
    });
  });
}

/** A line that goes on longer than this is cut: a guest that never ends one takes no more memory. */
export const LINE_LENGTH_MAX = 4096;
