/** The commands that are answered here (open-vm-tools, lib/include/backdoor_def.h): W2<15:0>, CX. */
export const Command = {
  GETVERSION: 10,
  GETUUID: 19,
  GETTIME: 23,
  MESSAGE: 30,
  GETTIMEFULL: 46,
  GETTIMEFULL_WITH_LAG: 55,
} as const;

/** What a MESSAGE does: W2<31:16> (lib/include/guest_msg_def.h). */
export const MessageType = {
  OPEN: 0,
  SENDSIZE: 1,
  SENDPAYLOAD: 2,
  RECVSIZE: 3,
  RECVPAYLOAD: 4,
  RECVSTATUS: 5,
  CLOSE: 6,
} as const;

/** What came of a MESSAGE: W2<31:16> afterwards. */
export const MessageStatus = {
  SUCCESS: 0x0001,
  DORECV: 0x0002,
  CLOSED: 0x0004,
  UNSENT: 0x0008,
  CPT: 0x0010,
  POWEROFF: 0x0020,
  TIMEOUT: 0x0040,
  HB: 0x0080,
} as const;

/** Flag of OPEN beside the protocol: the channel is guarded by a cookie. */
export const FLAG_COOKIE = 0x8000_0000;

/** Protocols of channels: guest to host calls ("RPCI"), host to guest ("TCLO"). */
export const PROTOCOL_RPCI = 0x4943_5052;
export const PROTOCOL_TCLO = 0x4f4c_4354;

/** X0 for what is not supported, or not there at all. */
export const UNSUPPORTED = 0xffff_ffff;

/** Products, as GETVERSION names them (lib/include/vm_vmx_type.h). */
export const ProductType = { UNSET: 0, EXPRESS: 1, SCALABLE_SERVER: 2, WGS: 3, WORKSTATION: 4 } as const;

/** The value of W2 in words: `MESSAGE SENDSIZE`. */
export function commandName(value: number): string {
  const name = keyOf(Command, value & 0xffff) ?? `command ${value & 0xffff}`;
  if ((value & 0xffff) !== Command.MESSAGE) return name;
  return `${name} ${keyOf(MessageType, value >>> 16) ?? value >>> 16}`;
}

function keyOf(names: Readonly<Record<string, number>>, value: number): string | undefined {
  return Object.keys(names).find((name) => names[name] === value);
}
