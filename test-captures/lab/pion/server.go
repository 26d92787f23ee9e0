// SPDX-License-Identifier: GPL-2.0-or-later

// A TURN server of pion/turn over TCP, for the lab's captures.
package main

import (
	"flag"
	"log"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/pion/turn/v2"
)

func main() {
	address := flag.String("address", "192.0.2.1", "listening and relay address")
	port := flag.String("port", "3478", "listening port")
	realm := flag.String("realm", "example.org", "realm")
	users := flag.String("users", "lab=secret,other=hidden", "name=password, separated by commas")
	denied := flag.String("deny", "", "peer that nobody may reach")
	flag.Parse()

	keys := map[string][]byte{}
	for _, user := range strings.Split(*users, ",") {
		name, password, _ := strings.Cut(user, "=")
		keys[name] = turn.GenerateAuthKey(name, *realm, password)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(*address, *port))
	if err != nil {
		log.Fatal(err)
	}
	server, err := turn.NewServer(turn.ServerConfig{
		Realm: *realm,
		AuthHandler: func(name, realm string, source net.Addr) ([]byte, bool) {
			key, known := keys[name]
			return key, known
		},
		ListenerConfigs: []turn.ListenerConfig{{
			Listener: listener,
			RelayAddressGenerator: &turn.RelayAddressGeneratorPortRange{
				RelayAddress: net.ParseIP(*address), Address: *address, MinPort: 50000, MaxPort: 50100,
			},
			PermissionHandler: func(client net.Addr, peer net.IP) bool { return peer.String() != *denied },
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
	server.Close()
}
