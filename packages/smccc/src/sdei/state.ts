import { STATUS_ENABLED, STATUS_REGISTERED, STATUS_RUNNING } from './abi.js';

/**
 * The states of an event's handler and what may happen in each (DEN0054A, 6.1). A state is what SDEI_EVENT_STATUS
 * gives: registered, enabled and running, of which enabled goes only with registered.
 */
export type SdeiAction =
  | 'register'
  | 'release'
  | 'enable'
  | 'disable'
  | 'unregister'
  | 'route'
  | 'context'
  | 'complete'
  | 'dispatch';

/** What {@link nextSdeiState} gives for an action that the state does not allow. */
export const SDEI_FORBIDDEN = -1;

const READY = STATUS_REGISTERED | STATUS_ENABLED;

/** The state after an action, or {@link SDEI_FORBIDDEN}. */
export function nextSdeiState(state: number, action: SdeiAction): number {
  const registered = (state & STATUS_REGISTERED) !== 0;
  const running = state & STATUS_RUNNING;
  switch (action) {
    case 'register':
      return state === 0 ? STATUS_REGISTERED : SDEI_FORBIDDEN;
    case 'release':
      return state === 0 ? state : SDEI_FORBIDDEN;
    case 'enable':
      return registered ? state | STATUS_ENABLED : SDEI_FORBIDDEN;
    case 'disable':
      return registered ? state & ~STATUS_ENABLED : SDEI_FORBIDDEN;
    case 'unregister':
      return registered ? running : SDEI_FORBIDDEN;
    case 'route':
      return state === STATUS_REGISTERED ? state : SDEI_FORBIDDEN;
    case 'context':
      return running ? state : SDEI_FORBIDDEN;
    case 'complete':
      return running ? state & ~STATUS_RUNNING : SDEI_FORBIDDEN;
    case 'dispatch':
      return state === READY ? state | STATUS_RUNNING : SDEI_FORBIDDEN;
  }
}
