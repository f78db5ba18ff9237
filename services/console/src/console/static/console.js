// What every page of the console does: on a phone its menu begins closed.
const rooms = document.querySelector("details.rooms");
if (rooms && matchMedia("(max-width: 60rem)").matches) rooms.open = false;
