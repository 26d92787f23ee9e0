// SPDX-License-Identifier: GPL-2.0-or-later

// A TURN client of pion/turn over TCP that does what its arguments say, one after the other:
//
//	bind            a Binding request
//	allocate        an allocation for UDP
//	permit PEERS    CreatePermission, peers separated by commas
//	send PEER N     N datagrams to a peer, each of which is awaited again
//	throw PEER N    the same without waiting
//	wait DURATION
//	free            deletes the allocation
//	close           closes the TCP connection; quit closes it with RST
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/pion/turn/v2"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func peer(text string) net.Addr {
	address, err := net.ResolveUDPAddr("udp", text)
	check(err)
	return address
}

// datagrams are RTP packets of one source, as media would be.
func datagram(i int) []byte {
	packet := make([]byte, 72)
	packet[0], packet[1], packet[3], packet[7], packet[11] = 0x80, 111, byte(i), byte(i), 7
	return packet
}

// read tells of each datagram that comes.
func read(relay net.PacketConn, came chan struct{}) {
	for buffer := make([]byte, 2000); ; {
		if _, _, err := relay.ReadFrom(buffer); err != nil {
			return
		}
		came <- struct{}{}
	}
}

func await(came chan struct{}) error {
	select {
	case <-came:
		return nil
	case <-time.After(2 * time.Second):
		return errors.New("nothing came back")
	}
}

func main() {
	server := flag.String("server", "192.0.2.1:3478", "TURN server")
	local := flag.String("local", "192.0.2.10:0", "local address")
	user := flag.String("user", "lab", "user")
	password := flag.String("password", "secret", "password")
	flag.Parse()

	from, err := net.ResolveTCPAddr("tcp", *local)
	check(err)
	dialer := net.Dialer{LocalAddr: from, Timeout: 5 * time.Second}
	tcp, err := dialer.Dial("tcp", *server)
	check(err)
	client, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: *server, TURNServerAddr: *server, Conn: turn.NewSTUNConn(tcp),
		Username: *user, Password: *password,
	})
	check(err)
	check(client.Listen())

	var relay net.PacketConn
	came := make(chan struct{}, 1000)
	words := flag.Args()
	next := func() string {
		word := words[0]
		words = words[1:]
		return word
	}
	for len(words) > 0 {
		switch what := next(); what {
		case "bind":
			_, err = client.SendBindingRequest()
		case "allocate":
			if relay, err = client.Allocate(); err == nil {
				go read(relay, came)
			}
		case "permit":
			var peers []net.Addr
			for _, text := range strings.Split(next(), ",") {
				peers = append(peers, peer(text))
			}
			err = client.CreatePermission(peers...)
		case "send", "throw":
			to, n := peer(next()), next()
			count, _ := strconv.Atoi(n)
			for i := 0; i < count && err == nil; i++ {
				if _, err = relay.WriteTo(datagram(i), to); err == nil && what == "send" {
					err = await(came)
				}
				time.Sleep(20 * time.Millisecond)
			}
		case "wait":
			duration, parseErr := time.ParseDuration(next())
			check(parseErr)
			time.Sleep(duration)
		case "free":
			err = relay.Close()
			time.Sleep(100 * time.Millisecond)
		case "close":
			client.Close()
			err = tcp.Close()
		case "quit":
			check(tcp.(*net.TCPConn).SetLinger(0))
			err = tcp.Close()
		default:
			log.Fatal("unknown: ", what)
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(3)
		}
	}
}
