import { domainPath } from '../store/paths.js';
import type { Permission } from '../store/permissions.js';
import type { StoreValue, StoreView } from '../store/view.js';
import type { XenStore } from '../store/xenstore.js';
import { XENBUS_STATE } from './state.js';

/** The domain that owns back ends' directories where nothing else is said: the host's. */
export const HOST_DOMID = 0;

/** What a toolstack tells a domain about itself. */
export interface DomainDirectory {
  readonly domid: number;
  readonly name: string;
  /** As xl writes it: 8-4-4-4-12 hexadecimal digits; zeros where absent. */
  readonly uuid?: string;
  readonly vcpus: number;
  readonly memoryKiB: number;
  /** Its ring to the store: where it is, and the port, as its parameters say too. */
  readonly store: { readonly frame: number; readonly port: number };
}

/** One end of a split device: more nodes, by name. */
export type DeviceNodes = Readonly<Record<string, StoreValue>>;

/** A split device. */
export interface DeviceDirectories {
  /** `vbd`, `vif`, … */
  readonly kind: string;
  /** The front end's domain, and the device's number there. */
  readonly domid: number;
  readonly device: number;
  readonly frontend: DeviceNodes;
  readonly backend: DeviceNodes;
  /** The back end's domain; the host's where absent. */
  readonly backendDomid?: number;
}

/**
 * Writes a domain's directories as xl does when it makes a domain (libxl_create.c, 4.17): what it may only read, and the
 * few that it may write (`data`, `control/shutdown`, `control/feature-…`, `device`, …). All at once.
 */
export function provisionDomain(store: XenStore, directory: DomainDirectory): void {
  const { domid, name, vcpus, memoryKiB } = directory;
  const uuid = directory.uuid ?? '00000000-0000-0000-0000-000000000000';
  const home = domainPath(domid);
  const readable = shared(HOST_DOMID, domid);
  const own: readonly Permission[] = [{ domain: domid, access: 'n' }];
  store.transaction((view) => {
    for (const old of [home, `/vm/${uuid}`, `/libxl/${domid}`]) if (view.has(old)) view.rm(old);
    make(view, home, '', readable);
    make(view, `/vm/${uuid}`, '', readable);
    make(view, `/libxl/${domid}`, '', [{ domain: HOST_DOMID, access: 'n' }]);
    for (const node of ['cpu', 'memory', 'device', 'control']) make(view, `${home}/${node}`, '', readable);
    for (const node of WRITABLE) make(view, `${home}/${node}`, '', own);
    const facts: [string, StoreValue][] = [
      [`${home}/vm`, `/vm/${uuid}`],
      [`${home}/name`, name],
      [`${home}/domid`, String(domid)],
      [`${home}/memory/static-max`, String(memoryKiB)],
      [`${home}/memory/target`, String(memoryKiB)],
      [`${home}/store/port`, String(directory.store.port)],
      [`${home}/store/ring-ref`, String(directory.store.frame)],
      [`/vm/${uuid}/uuid`, uuid],
      [`/vm/${uuid}/name`, name],
    ];
    for (let vcpu = 0; vcpu < vcpus; vcpu++) facts.push([`${home}/cpu/${vcpu}/availability`, 'online']);
    for (const [path, value] of facts) view.write(path, value);
  });
}

/** What a domain may write of its own directory. */
const WRITABLE = [
  'control/shutdown',
  'control/feature-poweroff',
  'control/feature-reboot',
  'control/feature-suspend',
  'control/sysrq',
  'device/suspend/event-channel',
  'data',
  'drivers',
  'feature',
  'attr',
  'error',
] as const;

/**
 * Writes the two directories of a device, each naming the other, and both states Initialising: from then on the front end
 * may connect. Gives their paths.
 */
export function provisionDevice(store: XenStore, directories: DeviceDirectories): DevicePaths {
  const { kind, domid, device } = directories;
  const backendDomid = directories.backendDomid ?? HOST_DOMID;
  const paths = {
    frontend: `${domainPath(domid)}/device/${kind}/${device}`,
    backend: `${domainPath(backendDomid)}/backend/${kind}/${domid}/${device}`,
  };
  store.transaction((view) => {
    const ends = [
      { path: paths.frontend, owner: domid, peer: backendDomid, nodes: directories.frontend },
      { path: paths.backend, owner: backendDomid, peer: domid, nodes: directories.backend },
    ];
    for (const { path, owner, peer } of ends) {
      if (view.has(path)) view.rm(path);
      make(view, path, '', shared(owner, peer));
    }
    const fixed = shared(backendDomid, domid);
    make(view, `${paths.frontend}/backend`, paths.backend, fixed);
    make(view, `${paths.frontend}/backend-id`, String(backendDomid), fixed);
    view.write(`${paths.backend}/frontend`, paths.frontend);
    view.write(`${paths.backend}/frontend-id`, String(domid));
    view.write(`${paths.backend}/online`, '1');
    for (const { path, nodes } of ends) {
      for (const [name, value] of Object.entries(nodes)) view.write(`${path}/${name}`, value);
      view.write(`${path}/state`, String(XENBUS_STATE.Initialising));
    }
  });
  return paths;
}

/** Where a device's two ends are. */
export interface DevicePaths {
  readonly frontend: string;
  readonly backend: string;
}

/** A directory of one domain that another one may read. */
export function shared(owner: number, reader: number): readonly Permission[] {
  return [
    { domain: owner, access: 'n' },
    { domain: reader, access: 'r' },
  ];
}

/** Makes a node, and says whose it is. */
export function make(view: StoreView, path: string, value: StoreValue, permissions: readonly Permission[]): void {
  view.write(path, value);
  view.setPermissions(path, permissions);
}
