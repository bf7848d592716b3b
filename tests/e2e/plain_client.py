"""Any ZeroMQ client, as it could be anybody's: plain_client.py push|pull ENDPOINT COUNT"""

import json
import sys

import zmq

what, endpoint, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
context = zmq.Context()
socket = context.socket(zmq.PUSH if what == "push" else zmq.PULL)
socket.connect(endpoint)
for i in range(1, count + 1):
    if what == "push":
        socket.send(json.dumps({"name": f"item {i}"}).encode())
        if i % 1000 == 0:
            print(f"sent {i}", flush=True)
    else:
        print(socket.recv().decode(), flush=True)
socket.close()
context.term()  # until all is sent
