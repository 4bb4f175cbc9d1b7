import { GNTMAP } from '../abi/grant-flags.js';
import { GNTST } from '../abi/grant-status.js';
import { gnttabMapGrantRef } from '../abi/structures/grant-table.js';
import type { Hypercall } from '../calls/hypercall.js';
import type { ListOperation } from './list.js';
import { machineHigh, machineLow } from './machine-address.js';
import { beginMapping, endUse } from './use.js';

const { at, size } = gnttabMapGrantRef;
const HOST_ADDR = at.host_addr / 4;
const FLAGS = at.flags / 4;
const REF = at.ref / 4;
const DOM = at.dom / 2;
const STATUS = at.status / 2;
const HANDLE = at.handle / 4;
const DEV_BUS_ADDR = at.dev_bus_addr / 4;

const { host_map: HOST_MAP, readonly: READONLY } = GNTMAP;
const MAPS: number = GNTMAP.device_map | GNTMAP.host_map;
/** What a domain whose memory Xen translates cannot ask for. */
const UNTRANSLATED: number = GNTMAP.device_map | GNTMAP.application_map | GNTMAP.contains_pte;
const { okay: OKAY } = GNTST;

/** GNTTABOP_map_grant_ref. */
export const mapGrantRef: ListOperation = {
  size,
  // Whole words, which copy faster: `dom` goes back as it came.
  writtenAt: at.dom,
  writtenBytes: size - at.dom,
  one: (call) => {
    call.operand.halves[STATUS] = mapOne(call);
  },
};

/**
 * Maps one grant (grant_table.c, map_grant_ref). A handle is taken before the entry is looked at, and given back, to the
 * end of its list, where the entry or the address is no good.
 */
function mapOne(call: Hypercall): number {
  const { domain, operand } = call;
  const { words } = operand;
  const flags = words[FLAGS] as number;
  if ((flags & MAPS) === 0) return GNTST.bad_gntref;
  if ((flags & UNTRANSLATED) !== 0) return GNTST.general_error;
  const granter = domain.xen.domain(operand.halves[DOM] as number);
  if (granter === undefined) return GNTST.bad_domain;
  if (!domain.xen.policy.mayTalk(domain, granter)) return GNTST.permission_denied;

  const { maptrack } = domain.grants;
  const handle = maptrack.take(call.vcpu.id);
  if (handle < 0) return GNTST.no_space;
  const ref = words[REF] as number;
  const readonly = (flags & READONLY) !== 0;
  const begun = beginMapping(granter.grants, ref, readonly, domain.id);
  if (begun !== OKAY) {
    maptrack.give(handle);
    return begun;
  }

  const active = granter.grants.active(ref);
  const frame = (words[HOST_ADDR + 1] as number) * 0x10_0000 + ((words[HOST_ADDR] as number) >>> 12);
  // create_grant_host_mapping (arch/arm/mm.c) knows no flag but these two.
  const known = (flags & ~READONLY) === HOST_MAP;
  const { memory } = domain;
  const page = known && memory.canMapPages ? active.page : undefined;
  if (page === undefined || !memory.mapGrant(frame, page, !readonly)) {
    endUse(granter.grants, ref, active, readonly);
    maptrack.give(handle);
    return GNTST.general_error;
  }

  maptrack.record(handle, flags, granter.grants, ref, active);
  words[HANDLE] = handle;
  words[DEV_BUS_ADDR] = machineLow(active.frame);
  words[DEV_BUS_ADDR + 1] = machineHigh(granter, active.frame);
  return OKAY;
}
