/** What an entry allows, by its letter on the wire: nothing, reading, writing, both. */
export type PermissionLetter = 'n' | 'r' | 'w' | 'b';

/**
 * One entry of a node's permissions. The first one names the owner, who may do everything, and its letter is what
 * everybody may who is not named after it.
 */
export interface Permission {
  readonly domain: number;
  readonly access: PermissionLetter;
  /** The domain that was meant is gone: the entry counts for no successor of the same id. */
  readonly void?: true;
}

/** Rights, as bits. */
export const READ = 1;
export const WRITE = 2;
export const OWN = 4;

const RIGHTS: { readonly [L in PermissionLetter]: number } = { n: 0, r: READ, w: WRITE, b: READ | WRITE };

/** Whoever acts on the store: what its rights depend on. */
export interface Actor {
  readonly id: number;
  /** Domain 0 and the host: everything is theirs. */
  readonly privileged: boolean;
  /** The domain for whose sake this one works (SET_TARGET): its rights are this one's too. */
  readonly target?: Actor | undefined;
}

/** The rights of an actor by a node's permissions (`perm_for_conn`). */
export function rightsOf(actor: Actor | undefined, permissions: readonly Permission[]): number {
  const owner = permissions[0] as Permission;
  if (actor === undefined || actor.privileged || isFor(actor, owner)) return READ | WRITE | OWN;
  for (let i = 1; i < permissions.length; i++) {
    const entry = permissions[i] as Permission;
    if (entry.void !== true && isFor(actor, entry)) return RIGHTS[entry.access];
  }
  return RIGHTS[owner.access];
}

function isFor(actor: Actor, entry: Permission): boolean {
  return entry.domain === actor.id || entry.domain === actor.target?.id;
}

/** An entry as it travels: `r7`. */
export function formatPermission(permission: Permission): string {
  return `${permission.access}${permission.domain | 0}`;
}

const WRITTEN = /^([nrwb])\s*([+-]?(?:0[xX][0-9a-fA-F]+|\d+))$/;

/** Reads an entry; undefined for what is none. Numbers are taken as C takes them: 0x is hexadecimal, 0 octal. */
export function parsePermission(text: string): Permission | undefined {
  const match = WRITTEN.exec(text);
  if (match === null) return undefined;
  const [, access, written] = match as unknown as [string, PermissionLetter, string];
  const digits = written.replace(/^[+-]/, '');
  const octal = /^0\d/.test(digits);
  if (octal && /[89]/.test(digits)) return undefined;
  const magnitude = octal ? Number.parseInt(digits, 8) : Number(digits);
  const value = Math.min(magnitude, Number.MAX_SAFE_INTEGER);
  return { domain: (written.startsWith('-') ? -value : value) >>> 0, access };
}
