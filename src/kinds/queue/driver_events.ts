/** What the bus is told of queue drivers, of whatever kind. */
export const DRIVER_EVENTS = {
  system: "queue",
  register: "queue.driver.register",
  remove: "queue.driver.delete",
  accept: "queue.accept",
  reject: "queue.reject",
};
