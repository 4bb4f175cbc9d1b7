import { RestoreError, type Saved } from '@trapline/core';

/** What keeps something that a saved machine has to hold. */
export interface SavedPart {
  save(): Saved;
  /** Throws {@link RestoreError} for what {@link save} did not give. */
  restore(saved: Saved): void;
}

/** A part of a domain: every room of this package has these three. */
export interface StatefulPart extends SavedPart {
  reset(): void;
}

/** Several parts saved as one, in the order given: what others refer to comes first. */
export function joinSaved(place: string, parts: Readonly<Record<string, SavedPart>>): SavedPart {
  const entries = Object.entries(parts);
  return {
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

/** The same of parts that can be reset. */
export function joinParts(place: string, parts: Readonly<Record<string, StatefulPart>>): StatefulPart {
  return {
    ...joinSaved(place, parts),
    reset: () => {
      for (const part of Object.values(parts)) part.reset();
    },
  };
}
