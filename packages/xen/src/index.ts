import { xenAbi } from './abi/hypercalls.js';
import { driver } from './guest/driver.js';
import { hypervisor } from './hypervisor.js';

/** Xen on both sides: `xen.hypervisor(…)` answers, `xen.driver` calls, `xen.abi` describes the hypercalls. */
export const xen: {
  readonly abi: typeof xenAbi;
  readonly driver: typeof driver;
  readonly hypervisor: typeof hypervisor;
} = { abi: xenAbi, driver, hypervisor };

export { XEN_CONVENTION, XEN_HYPERCALL_TAG } from './abi/convention.js';
export { ERRNO, type ErrnoName } from './abi/errno.js';
export { GNTCOPY, GNTMAP, GNTTAB_CACHE, GNTTAB_RESERVED, GTF } from './abi/grant-flags.js';
export { GNTST, type GrantStatusName } from './abi/grant-status.js';
export { HVM_PARAMETERS, type HvmParameterName } from './abi/hvm-parameters.js';
export { type HypercallName, xenAbi } from './abi/hypercalls.js';
export { defineOperations, type OperationSpec, type OperationTable } from './abi/operation.js';
export { OPERATION_TABLES, operationOf, operationTable } from './abi/operation-tables.js';
export { eventChannelOperations } from './abi/operations/event-channel.js';
export { grantTableOperations } from './abi/operations/grant-table.js';
export { xenStatus } from './abi/status.js';
export { defineStructure, defineUnion, type Structure, type StructureFields } from './abi/structure.js';
export { EVTCHN_2L_NR_CHANNELS, EVTCHN_FIFO_NR_CHANNELS } from './abi/structures/event-channel.js';
export { SHUTDOWN } from './abi/structures/sched.js';
export {
  COMPATIBLE,
  compareVersions,
  readXenNode,
  versionOf,
  versionWords,
  writeHypervisorNode,
  type XenDescription,
  type XenNode,
  type XenRegion,
  type XenUefi,
  type XenVersion,
} from './binding.js';
export {
  BLKIF_INDIRECT_SEGMENTS_MAX,
  BLKIF_LAYOUTS,
  BLKIF_OP,
  BLKIF_RING_ORDER_MAX,
  BLKIF_RSP,
  BLKIF_SEGMENTS_MAX,
  type BlkifLayout,
  blkifLayout,
  VDISK,
} from './block/blkif.js';
export { BlockBackend } from './block/block-backend.js';
export { BlockRing } from './block/block-ring.js';
export { blockService } from './block/block-service.js';
export { type DiskDirectories, diskNumber, provisionDisk } from './block/disk-directories.js';
export { type BlockMedium, bufferMedium } from './block/medium.js';
export { provisionConsole } from './console/console-directories.js';
export { CONSOLE_INTERFACE, CONSOLE_QUEUE_BYTES, ConsoleRing } from './console/console-ring.js';
export { type ConsoleServiceOptions, consoleService } from './console/console-service.js';
export { decodeText, LINE_LENGTH_MAX, splitLines } from './console/text-stream.js';
export { CONTROL_EVENT_INTERRUPT, type DomainConfig, GUEST_EVENT_INTERRUPT } from './domain/config.js';
export type { DomainStatus } from './domain/info.js';
export { PORTS_PER_RESET } from './events/event-channels.js';
export {
  type BlockFailure,
  BlockFront,
  blockStatus,
  type DataPage,
  type DiskFacts,
  SECTOR_BYTES,
} from './guest/block/block-front.js';
export { connectDisk, type Refused } from './guest/block/connect.js';
export { FrontRing } from './guest/block/front-ring.js';
export type { RawCalls, XenCalls } from './guest/calls.js';
export { RingConsole } from './guest/console-ring.js';
export { ControlCalls, type ControlVersions, type DomainInfo } from './guest/control-calls.js';
export { driver, SCRATCH_BYTES, type XenDriverOptions, xenDriver } from './guest/driver.js';
export type { EventAbi, EventHandler } from './guest/events/abi.js';
export { type EventChannelCalls, EventPorts, type PortStatus } from './guest/events/channels.js';
export { FifoEvents, type FifoPages } from './guest/events/fifo.js';
export { TwoLevelEvents } from './guest/events/two-level.js';
export type { VcpuInfos, VcpuInfoWords } from './guest/events/upcall.js';
export { Gate } from './guest/gate.js';
export type { GrantAccess } from './guest/grants/entries.js';
export { MappingCalls } from './guest/grants/mapping-calls.js';
export { type GrantFailure, grantStatus } from './guest/grants/status.js';
export {
  type CopyEnd,
  GrantClient,
  type GrantMapping,
  type GrantTableCalls,
  MAX_TABLE_FRAMES,
} from './guest/grants/table.js';
export { XenGuest, type XenGuestParts, XenSetupError } from './guest/guest.js';
export type { GuestMemory, ScratchArea } from './guest/guest-memory.js';
export { HypervisorConsole } from './guest/hypervisor-console.js';
export type { HypfsValue } from './guest/hypfs-client.js';
export { MAX_EXTENTS, type MemoryCalls } from './guest/memory-calls.js';
export { MAX_MULTICALL, type MulticallEntry } from './guest/multicall.js';
export {
  NEWEST_VERSION,
  type Negotiated,
  type NegotiationNote,
  OLDEST_VERSION,
  type XenFeature,
} from './guest/negotiation.js';
export { type GuestPage, MAX_OPERAND, OperandArea, PagePool } from './guest/operand-area.js';
export {
  createOperations,
  type OperationCall,
  type OperationClient,
  type Shape,
  type XenError,
} from './guest/operations.js';
export { type FrameSlot, MAX_SLOTS, PhysicalMap } from './guest/physical-map.js';
export type { RingSignals } from './guest/ring-signals.js';
export { MAX_POLL_PORTS, type SchedCalls, Scheduling, type ShutdownReason } from './guest/scheduling.js';
export { SharedInfo, type VcpuCalls } from './guest/shared-info.js';
export { Steps, StillWaiting, type Work } from './guest/steps.js';
export { MAX_TRANSACTION_TRIES, type StoreEvent, XenstoreClient } from './guest/store-client.js';
export { StoreBroken, StoreConnection } from './guest/store-connection.js';
export { type StoreFailure, storeStatus } from './guest/store-replies.js';
export { type GuestCounter, XenTime } from './guest/time.js';
export type { HostDescription } from './host/host-description.js';
export type { HostedDomain } from './host/hosted-domain.js';
export type { ConsoleOutput } from './host/xen-console.js';
export type { XenHost } from './host/xen-host.js';
export { type HypervisorOptions, hypervisor } from './hypervisor.js';
export type { FreeBlock } from './memory/heap.js';
export { completeChecksum } from './net/checksum.js';
export { NetBackend } from './net/net-backend.js';
export { type NetServiceOptions, netService } from './net/net-service.js';
export { NET_PACKET_SLOTS_MAX, NET_QUEUE_PACKETS, NETIF_RSP, NETRXF, NETTXF, type Packet } from './net/netif.js';
export { NETWORK_ADDRESSES_MAX, Network, type NetworkPort } from './net/network.js';
export type { XenProfile } from './profile.js';
export { PROFILE_NAMES, PROFILES, type XenProfileName } from './profiles.js';
export { ByteRing, type ByteRingLayout, RING_CORRUPT } from './rings/byte-ring.js';
export { JoinedWords } from './rings/joined-words.js';
export { REQUEST_RING, RequestRing, slotsOf } from './rings/request-ring.js';
export { WATCHDOGS } from './sched/watchdogs.js';
export { STORE_ERRORS, StoreError, type StoreErrorName } from './store/errors.js';
export {
  STORE_CONNECTION,
  STORE_CONNECTION_ERROR,
  STORE_FEATURE,
  STORE_INTERFACE,
  STORE_RING_BYTES,
} from './store/interface.js';
export {
  decodeMessage,
  encodeMessage,
  MESSAGE,
  MESSAGE_HEADER_BYTES,
  MESSAGE_PAYLOAD_MAX,
  MESSAGE_TYPES,
  type Message,
  type MessageName,
  type MessageType,
} from './store/messages.js';
export type { Permission, PermissionLetter } from './store/permissions.js';
export { DEFAULT_QUOTAS, type StoreQuotas } from './store/quotas.js';
export { type StoreServiceOptions, storeService } from './store/store-service.js';
export { type StoreClock, WATCH_EVENT_TIMEOUT_NS } from './store/timeouts.js';
export { type StoreValue, StoreView } from './store/view.js';
export {
  REQUESTS_PER_EVENT,
  type StoreChannel,
  TRANSACTION_ATTEMPTS,
  XenStore,
  type XenStoreOptions,
} from './store/xenstore.js';
export type { BoundChannel, FrontEndLink, MappedGrant } from './xenbus/front-end-link.js';
export type { AttachedService, HostService } from './xenbus/host-service.js';
export {
  type DeviceDirectories,
  type DeviceNodes,
  type DevicePaths,
  type DomainDirectory,
  HOST_DOMID,
  provisionDevice,
  provisionDomain,
} from './xenbus/provision.js';
export { MAGIC_FRAME } from './xenbus/reserved-page.js';
export { XENBUS_STATE, type XenbusState, xenbusState } from './xenbus/state.js';
