/** HVM_PARAM_*: a domain's parameters by number (public/hvm/params.h). */
export const HVM_PARAMETERS = {
  callbackIrq: 0,
  storePfn: 1,
  storeEvtchn: 2,
  ioreqPfn: 5,
  bufioreqPfn: 6,
  timerMode: 10,
  hpetEnabled: 11,
  identPt: 12,
  acpiSState: 14,
  vm86Tss: 15,
  vptAlign: 16,
  consolePfn: 17,
  consoleEvtchn: 18,
  acpiIoportsLocation: 19,
  pagingRingPfn: 27,
  monitorRingPfn: 28,
  sharingRingPfn: 29,
  tripleFaultReason: 31,
  ioreqServerPfn: 32,
  nrIoreqServerPages: 33,
  vmGenerationIdAddr: 34,
  altp2m: 35,
  x87FipWidth: 36,
  vm86TssSized: 37,
  mcaCap: 38,
} as const;

/** The name of a parameter. */
export type HvmParameterName = keyof typeof HVM_PARAMETERS;

/** Numbers from here on are no parameters (HVM_NR_PARAMS). */
export const HVM_PARAMETER_COUNT = 39;
