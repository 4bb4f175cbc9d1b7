import { RestoreError, type Saved } from '@trapline/core';

/** What a part of a domain keeps: every room of this package has these three. */
export interface StatefulPart {
  reset(): void;
  save(): Saved;
  /** Throws {@link RestoreError} for what {@link save} did not give. */
  restore(saved: Saved): void;
}

/** Several parts as one, in the order given: what others refer to comes first. */
export function joinParts(place: string, parts: Readonly<Record<string, StatefulPart>>): StatefulPart {
  const entries = Object.entries(parts);
  return {
    reset: () => {
      for (const [, part] of entries) part.reset();
    },
    save: () => Object.fromEntries(entries.map(([name, part]) => [name, part.save()])),
    restore: (saved) => {
      if (typeof saved !== 'object' || saved === null || Array.isArray(saved)) {
        throw new RestoreError(`${place}: the saved state has ${entries.map(([name]) => name).join(', ')}`);
      }
      const record = saved as Readonly<Record<string, Saved>>;
      for (const [name, part] of entries) part.restore(record[name] ?? null);
    },
  };
}
