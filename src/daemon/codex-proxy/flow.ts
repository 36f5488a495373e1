import WebSocket from "ws";

/** Reads from it, or no more. */
export function setFlowing(ws: WebSocket, flowing: boolean): void {
  if (ws.readyState !== WebSocket.OPEN || ws.isPaused !== flowing) return;
  if (flowing) ws.resume();
  else ws.pause();
}
