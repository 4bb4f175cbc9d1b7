import { Observable } from 'rxjs';
import type { StoreClient } from './client.js';
import type { StoreEngine } from './engine.js';
import { StoreError } from './errors.js';

/** The host's watches, as streams. What they are to be told waits until the operation in hand is done. */
export class HostWatches {
  readonly client: StoreClient;
  readonly #engine: StoreEngine;
  readonly #listeners = new Map<string, (path: string) => void>();
  readonly #heard: { readonly token: string; readonly path: string }[] = [];
  #tokens = 0;

  constructor(engine: StoreEngine) {
    this.#engine = engine;
    this.client = engine.addClient(undefined, (path, token) => this.#heard.push({ path, token }));
  }

  /** A stream of a path's changes; `begun` is called when there is the first thing to tell. */
  stream(path: string, begun: () => void): Observable<string> {
    return new Observable((subscriber) => {
      const token = String(++this.#tokens);
      const watch = this.#engine.watches.add(this.client, path, token);
      if (typeof watch === 'string') {
        subscriber.error(new StoreError(watch, 'watch', path));
        return undefined;
      }
      this.#listeners.set(token, (changed) => subscriber.next(changed));
      this.#engine.watches.announce(this.client, watch);
      begun();
      return () => {
        this.#listeners.delete(token);
        this.#engine.watches.remove(this.client, path, token);
      };
    });
  }

  /** Tells what waits; whether there was anything. */
  tell(): boolean {
    const heard = this.#heard.splice(0);
    for (const { token, path } of heard) this.#listeners.get(token)?.(path);
    return heard.length > 0;
  }
}
