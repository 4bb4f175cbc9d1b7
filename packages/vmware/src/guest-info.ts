import type { LogPort } from '@trapline/core';
import type { Answer } from './channel.js';
import { PROTOCOL_RPCI } from './commands.js';

/** Most variables that guests can add by `info-set`, and the longest log line that is passed on. */
export const MAX_GUEST_INFO = 256;
export const MAX_LOG_TEXT = 512;

/** Name and value of a guest's variables. */
export type GuestInfo = Map<string, string>;

/**
 * Answers the guest-RPC commands that need no product behind them: `info-get`, `info-set`, `log`. A reply begins with "1 "
 * where the command succeeded and with "0 " where it did not, as rpcout.c reads it.
 */
export function guestInfoAnswer(info: GuestInfo, log: LogPort | undefined): Answer {
  return (message, protocol) => {
    if (protocol !== PROTOCOL_RPCI) return undefined;
    return encode(replyTo(new TextDecoder().decode(message).replace(/\0+$/, ''), info, log));
  };
}

function replyTo(message: string, info: GuestInfo, log: LogPort | undefined): string {
  const [command, rest = ''] = split(message);
  switch (command) {
    case 'info-get': {
      const value = info.get(rest.toLowerCase());
      return value === undefined ? '0 No value found' : `1 ${value}`;
    }
    case 'info-set': {
      const [name = '', value] = split(rest);
      const key = name.toLowerCase();
      if (!key.startsWith('guestinfo.') || value === undefined) return '0 Invalid arguments';
      if (!info.has(key) && info.size >= MAX_GUEST_INFO) return '0 Too many variables';
      info.set(key, value);
      return '1 ';
    }
    case 'log':
      log?.log('info', 'vmware', rest.slice(0, MAX_LOG_TEXT));
      return '1 ';
    default:
      return '0 Unknown command';
  }
}

/** The first word and what follows it. */
function split(text: string): [string, string?] {
  const at = text.indexOf(' ');
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
