import { defineInterface, defineStatus, type StatusNamespace, status as statusOf, word } from '@trapline/core';

/** What the doorbell call returns: it has no other answer (Linux, drivers/firmware/arm_scmi/transports/smc.c). */
export const doorbellStatus: StatusNamespace<'scmi doorbell', 'SUCCESS' | 'NOT_SUPPORTED'> = defineStatus(
  'scmi doorbell',
  'Linux, drivers/firmware/arm_scmi/transports/smc.c',
  { SUCCESS: 0, NOT_SUPPORTED: -1 },
);

/** The doorbell's number where nobody chooses another. Platforms choose theirs, and trees name it (`arm,smc-id`). */
export const DEFAULT_SMC_ID = 0x8200_0010;

/**
 * The doorbell of SCMI over SMC: the message is in shared memory, the call says that it is there and returns when the answer
 * is. With `arm,scmi-smc-param` X1 and X2 say which memory: number of its 4 KiB page, and offset.
 */
export const abi = defineInterface({
  name: 'scmi',
  title: 'SCMI over SMC: the doorbell',
  source: 'Linux, drivers/firmware/arm_scmi/transports/smc.c; bindings/firmware/arm,scmi.yaml',
  calls: {
    doorbell: {
      id: DEFAULT_SMC_ID,
      since: '1.0',
      clause: 'arm,smc-id',
      summary: 'A message stands in shared memory; the answer stands there afterwards.',
      arguments: { page: word, offset: word },
      returns: statusOf(doorbellStatus),
      errors: [],
    },
  },
});
