/** Function ids as a guest writes them: typed by hand, so that a wrong table is noticed (DEN0022F.b, table of function ids). */
export const VERSION = 0x8400_0000;
export const CPU_SUSPEND = 0xc400_0001;
export const CPU_SUSPEND_32 = 0x8400_0001;
export const CPU_OFF = 0x8400_0002;
export const CPU_ON = 0xc400_0003;
export const CPU_ON_32 = 0x8400_0003;
export const AFFINITY_INFO = 0xc400_0004;
export const AFFINITY_INFO_32 = 0x8400_0004;
export const MIGRATE = 0xc400_0005;
export const MIGRATE_INFO_TYPE = 0x8400_0006;
export const MIGRATE_INFO_UP_CPU = 0xc400_0007;
export const SYSTEM_OFF = 0x8400_0008;
export const SYSTEM_RESET = 0x8400_0009;
export const FEATURES = 0x8400_000a;
export const CPU_FREEZE = 0x8400_000b;
export const CPU_DEFAULT_SUSPEND = 0xc400_000c;
export const NODE_HW_STATE = 0xc400_000d;
export const SYSTEM_SUSPEND = 0xc400_000e;
export const SET_SUSPEND_MODE = 0x8400_000f;
export const STAT_RESIDENCY = 0xc400_0010;
export const STAT_RESIDENCY_32 = 0x8400_0010;
export const STAT_COUNT = 0xc400_0011;
export const SYSTEM_RESET2 = 0xc400_0012;
export const MEM_PROTECT = 0x8400_0013;
export const MEM_PROTECT_CHECK_RANGE = 0xc400_0014;
export const SYSTEM_OFF2 = 0xc400_0015;
export const CLEAN_INV_MEMREGION = 0xc400_0016;
export const CLEAN_INV_MEMREGION_ATTRIBUTES = 0x8400_0017;
export const SMCCC_VERSION = 0x8000_0000;

/** An address in the test machine's memory. */
export const ENTRY = 0x4008_0000;
