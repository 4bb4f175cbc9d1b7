import type { Saved } from '@trapline/core';
import type { SavedState } from '../domain/saved-state.js';
import { bytesToText, textToBytes } from '../rings/text.js';
import type { StoreNode } from './node.js';
import { formatPermission, type Permission, parsePermission } from './permissions.js';

/** Whole numbers in saved state. */
export const MAX: number = Number.MAX_SAFE_INTEGER;

/** A node, its value as text of one character a byte. */
export function saveNode(node: StoreNode): { readonly [key: string]: Saved } {
  const { generation, permissions, data, children } = node;
  return { generation, permissions: savePermissions(permissions), data: bytesToText(data), children };
}

/** Takes a node back. */
export function readNode(part: SavedState): StoreNode {
  return {
    generation: part.integer('generation', 0, MAX),
    permissions: readPermissions(part),
    data: textToBytes(part.text('data')),
    children: texts(part, 'children'),
  };
}

/** Permissions as they travel; a `!` before those that count for nobody. */
export function savePermissions(permissions: readonly Permission[]): string[] {
  return permissions.map((entry) => `${entry.void === true ? '!' : ''}${formatPermission(entry)}`);
}

/** Takes permissions back: at least an owner's. */
export function readPermissions(part: SavedState): Permission[] {
  const permissions = texts(part, 'permissions').map((text): Permission => {
    const permission = parsePermission(text.replace(/^!/, ''));
    if (permission === undefined) throw part.error(`${text} is no permission`);
    return text.startsWith('!') ? { ...permission, void: true } : permission;
  });
  if (permissions.length === 0) throw part.error('an owner is wanted');
  return permissions;
}

function texts(part: SavedState, name: string): string[] {
  return part.list(name).map((value) => {
    if (typeof value !== 'string') throw part.error(`${name}: strings are wanted`);
    return value;
  });
}
