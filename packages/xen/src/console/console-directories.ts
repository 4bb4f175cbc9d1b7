import { domainPath } from '../store/paths.js';
import type { XenStore } from '../store/xenstore.js';
import { type DevicePaths, HOST_DOMID, make, shared } from '../xenbus/provision.js';
import { XENBUS_STATE } from '../xenbus/state.js';

/** Writes the two ends of a domain's console; the front end's is right in the domain's directory (libxl_console.c). */
export function provisionConsole(
  store: XenStore,
  domid: number,
  ring: { readonly frame: number; readonly port: number },
): DevicePaths {
  const frontend = `${domainPath(domid)}/console`;
  const backend = `${domainPath(HOST_DOMID)}/backend/console/${domid}/0`;
  const fixed = shared(HOST_DOMID, domid);
  const facts: [string, string][] = [
    ['backend', backend],
    ['backend-id', String(HOST_DOMID)],
    ['limit', '1048576'],
    ['type', 'xenconsoled'],
    ['output', 'pty'],
    ['tty', ''],
    ['port', String(ring.port)],
    ['ring-ref', String(ring.frame)],
  ];
  const behind: [string, string][] = [
    ['frontend', frontend],
    ['frontend-id', String(domid)],
    ['online', '1'],
    ['state', String(XENBUS_STATE.Initialising)],
    ['protocol', 'vt100'],
  ];
  store.transaction((view) => {
    for (const old of [frontend, backend]) if (view.has(old)) view.rm(old);
    make(view, backend, '', fixed);
    make(view, frontend, '', shared(domid, HOST_DOMID));
    for (const [name, value] of facts) make(view, `${frontend}/${name}`, value, fixed);
    for (const [name, value] of behind) view.write(`${backend}/${name}`, value);
  });
  return { frontend, backend };
}
