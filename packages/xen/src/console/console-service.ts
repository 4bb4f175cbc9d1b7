import { SavedState } from '../domain/saved-state.js';
import type { XenStore } from '../store/xenstore.js';
import type { AttachedService, HostService } from '../xenbus/host-service.js';
import { reservePage } from '../xenbus/reserved-page.js';
import { provisionConsole } from './console-directories.js';
import { ConsoleRing } from './console-ring.js';

/** How {@link consoleService} serves a domain. */
export interface ConsoleServiceOptions {
  /** The frame of the ring, in place of the one where a toolstack puts it. */
  readonly frame?: number;
  /** The store in which the console is told to the guest; nowhere, where absent (the parameters tell it anyway). */
  readonly store?: XenStore;
}

/** Gives domains a paravirtual console, and `open` its host's side, before the guest runs. */
export function consoleService(
  open: (ring: ConsoleRing, domid: number) => void,
  options: ConsoleServiceOptions = {},
): HostService {
  return {
    name: 'console',
    attach: (domain, host): AttachedService => {
      let heard: () => void = () => undefined;
      const page = reservePage(domain, host, 'console', () => heard(), options.frame);
      const ring = new ConsoleRing(page.words, () => page.notify());
      heard = () => ring.events();
      if (options.store !== undefined) provisionConsole(options.store, domain.id, page);
      open(ring, domain.id);
      return {
        detach: () => {
          ring.close();
          page.close();
        },
        save: () => ({ page: page.save(), input: ring.save() }),
        restore: (saved) => {
          const state = new SavedState(saved, `${domain.name}.console`);
          page.restore(state.saved('page'));
          ring.restore(state.saved('input'));
        },
      };
    },
  };
}
