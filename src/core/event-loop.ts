/** Lets a thread that computes hear its messages. */

/**
 * One round through the event loop: messages that have arrived by now (an abort, a question that should go first) are handled before it resolves. A message
 * to ourselves comes after those, and unlike a timer it is not slowed down in a hidden page.
 */
export function nextMessageTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
