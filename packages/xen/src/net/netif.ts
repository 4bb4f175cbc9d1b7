/** Where a front end's packets come: flags of a transmit request (NETTXF_*, public/io/netif.h). */
export const NETTXF = { csumBlank: 1, dataValidated: 2, moreData: 4, extraInfo: 8 } as const;
/** Flags of a receive response (NETRXF_*). */
export const NETRXF = { dataValidated: 1, csumBlank: 2, moreData: 4, extraInfo: 8 } as const;
/** NETIF_RSP_*: NULL answers a slot of extra information. */
export const NETIF_RSP = { NULL: 1, OKAY: 0, ERROR: -1, DROPPED: -2 } as const;
/** A further slot of extra information follows (XEN_NETIF_EXTRA_FLAG_MORE). */
export const NETIF_EXTRA_MORE = 1;

/** Bytes of a slot of each ring: the larger one of request and response. */
export const NET_TX_SLOT_BYTES = 12;
export const NET_RX_SLOT_BYTES = 8;
/** Slots of one packet that every back end takes (XEN_NETIF_NR_SLOTS_MIN). */
export const NET_PACKET_SLOTS_MAX = 18;
/** Bytes of an Ethernet header: nothing shorter is a packet. */
export const ETHERNET_HEADER_BYTES = 14;
/** Packets that wait for a front end which gives no room. */
export const NET_QUEUE_PACKETS = 256;

/** A packet between the ends of a network. */
export interface Packet {
  readonly bytes: Uint8Array;
  /** Its TCP or UDP checksum over IPv4 is still to be filled in: who cannot do without asks {@link completeChecksum}. */
  readonly checksumBlank: boolean;
}
