import type { Saved } from '@trapline/core';
import { GNTMAP } from '../abi/grant-flags.js';
import { SavedState } from '../domain/saved-state.js';
import type { ActiveGrant } from './active-grant.js';
import type { GrantTable } from './grant-table.js';
import { INITIAL_GRANT_FRAMES, MAPTRACK_PER_FRAME, MAX_PINS } from './limits.js';

const MAX_DOMID = 0xffff;
const MAX_REF = 0xffff_ffff;

/** A table as plain data. What its pages hold is saved with the memory. */
export function saveGrants(table: GrantTable, actives: readonly (ActiveGrant | undefined)[]): Saved {
  const { shared, maptrack } = table;
  const inUse: Saved[] = [];
  actives.forEach((active, ref) => {
    if (!active?.isPinned || active.page === undefined) return;
    const { readers, writers, user, isPart, start, length, frame, page } = active;
    inUse.push({ ref, readers, writers, user, isPart, start, length, frame, page: page.id });
  });
  const mappings: Saved[] = [];
  for (let handle = 0; handle < maptrack.limit; handle++) {
    const mapping = maptrack.at(handle);
    if (mapping?.granter === undefined || mapping.flags === 0) continue;
    const { flags, granter, ref, vcpu } = mapping;
    mappings.push({ handle, vcpu, flags, granter: granter.domain.id, ref });
  }
  return {
    version: shared.version,
    frames: shared.pages.length,
    active: inUse,
    handles: maptrack.limit,
    free: Array.from({ length: maptrack.vcpus }, (_, vcpu) => ({ handles: maptrack.free(vcpu) })),
    mappings,
  };
}

/** Checks all of what was saved, and gives what puts it in place. */
export function readGrants(table: GrantTable, saved: Saved): () => void {
  const state = new SavedState(saved, `${table.domain.name}.grants`);
  const version = state.integer('version', 1, table.domain.xen.profile.grantVersion) === 1 ? 1 : 2;
  const frames = state.integer('frames', INITIAL_GRANT_FRAMES, table.shared.max);
  const actives = state.parts('active').map((active) => readActive(table, active));
  const maptrack = readMaptrack(table, state);
  return () => {
    table.shared.restore(version, frames);
    for (const active of actives) active();
    maptrack();
  };
}

function readActive(table: GrantTable, state: SavedState): () => void {
  const ref = state.integer('ref', 0, MAX_REF);
  const page = table.domain.memory.pageOf(state.text('page'));
  if (page === undefined || ref >= table.shared.most) throw state.error('an entry in use without its page');
  const readers = state.integer('readers', 0, MAX_PINS);
  const fields = {
    readers,
    writers: state.integer('writers', readers === 0 ? 1 : 0, MAX_PINS),
    user: state.integer('user', 0, MAX_DOMID),
    isPart: state.flag('isPart'),
    start: state.integer('start', 0, MAX_DOMID),
    length: state.integer('length', 0, MAX_DOMID),
    frame: state.integer('frame', 0, Number.MAX_SAFE_INTEGER),
  };
  return () => {
    const active = table.active(ref);
    Object.assign(active, fields, { page, origin: table, originRef: ref });
    page.retake();
  };
}

function readMaptrack(table: GrantTable, state: SavedState): () => void {
  const { maptrack, domain } = table;
  const limit = state.integer('handles', 0, maptrack.most);
  if (limit % MAPTRACK_PER_FRAME !== 0) throw state.error('handles come in whole frames');
  const free = state.parts('free', maptrack.vcpus).map((list) => list.integers('handles', 0, limit - 1));
  const seen = new Set<number>();
  for (const handle of free.flat()) seen.add(handle);
  let count = free.reduce((sum, list) => sum + list.length, 0);
  const mappings = state.parts('mappings').map((mapping) => {
    const handle = mapping.integer('handle', 0, limit - 1);
    seen.add(handle);
    count++;
    const vcpu = mapping.integer('vcpu', 0, maptrack.vcpus - 1);
    if (free[vcpu]?.length === 0) throw mapping.error('its vCPU has no list to return to');
    const flags = mapping.integer('flags', GNTMAP.host_map, GNTMAP.host_map | GNTMAP.readonly);
    const granter = domain.xen.domain(mapping.integer('granter', 0, MAX_DOMID))?.grants;
    const ref = mapping.integer('ref', 0, MAX_REF);
    if (granter === undefined || ref >= granter.shared.most) throw mapping.error("a mapping of no domain's grant");
    return { handle, vcpu, flags, granter, ref };
  });
  if (count !== limit || seen.size !== limit) throw state.error('each handle is in one list, or in use');
  return () => {
    maptrack.rebuild(limit, free);
    for (const { handle, vcpu, flags, granter, ref } of mappings) {
      maptrack.record(handle, flags, granter, ref, granter.active(ref));
      const mapping = maptrack.at(handle);
      if (mapping !== undefined) mapping.vcpu = vcpu;
    }
  };
}
