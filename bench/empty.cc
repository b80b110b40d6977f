// The least a process can do: the yardstick of start-up.
int main() { return 0; }
