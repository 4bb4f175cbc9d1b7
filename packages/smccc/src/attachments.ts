import { type Attachment, RestoreError, type Saved } from '@trapline/core';

/**
 * Joins the attachments of several services into one, for a service that contains others (a firmware with PSCI, the
 * architecture calls and TRNG). Saved state is kept by name; hooks are called in the order given.
 *
 * `restore` throws {@link RestoreError} for state that names other parts.
 */
export function joinAttachments(parts: Readonly<Record<string, Attachment>>): Attachment {
  const names = Object.keys(parts);
  const all = Object.values(parts);
  return {
    implementations: all.flatMap((part) => part.implementations),
    trapsSmc: all.some((part) => part.trapsSmc === true),
    entered: (pe) => {
      for (let i = 0; i < all.length; i++) all[i]?.entered?.(pe);
    },
    offCompleted: (pe) => {
      for (let i = 0; i < all.length; i++) all[i]?.offCompleted?.(pe);
    },
    woke: (pe, resumes) => {
      for (let i = 0; i < all.length; i++) all[i]?.woke?.(pe, resumes);
    },
    reset: () => {
      for (const part of all) part.reset();
    },
    save: () => Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.save()])),
    restore: (saved) => {
      const states = savedParts(saved, names);
      for (const [name, part] of Object.entries(parts)) part.restore(states[name] as Saved);
    },
    dispose: () => {
      for (const part of all) part.dispose?.();
    },
    describe: (tree, description) => {
      for (const part of all) part.describe?.(tree, description);
    },
  };
}

/** The attachment of a service without state: only what it implements. */
export function statelessAttachment(name: string, implementations: Attachment['implementations']): Attachment {
  return {
    implementations,
    reset: () => {},
    save: () => null,
    restore: (saved) => {
      if (saved !== null) throw new RestoreError(`${name} keeps no state, and was given some to restore`);
    },
  };
}

function savedParts(saved: Saved, names: readonly string[]): Readonly<Record<string, Saved>> {
  const found = typeof saved === 'object' && saved !== null && !Array.isArray(saved) ? Object.keys(saved) : [];
  if (found.length !== names.length || !names.every((name) => found.includes(name))) {
    throw new RestoreError(`saved state of ${names.join(', ')} is wanted, not of ${found.join(', ') || 'nothing'}`);
  }
  return saved as Readonly<Record<string, Saved>>;
}
