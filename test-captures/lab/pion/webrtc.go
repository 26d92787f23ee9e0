// SPDX-License-Identifier: GPL-2.0-or-later

// A WebRTC peer of pion/webrtc that listens for ICE over TCP (RFC 6544, passive) and answers an offer, as a media
// server does. It speaks the same files as agents/webrtc.mjs.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"net"
	"os"
	"time"

	"github.com/pion/webrtc/v3"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	mine := flag.String("mine", "", "file for the answer")
	theirs := flag.String("theirs", "", "file of the offer")
	listen := flag.String("listen", "198.51.100.20:8443", "address for ICE over TCP")
	lite := flag.Bool("lite", false, "ICE lite")
	seconds := flag.Int("seconds", 12, "time to stay")
	flag.Parse()

	listener, err := net.Listen("tcp", *listen)
	check(err)
	settings := webrtc.SettingEngine{}
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
	settings.SetICETCPMux(webrtc.NewICETCPMux(nil, listener, 8))
	settings.SetLite(*lite)
	peer, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	check(err)
	negotiated, id := true, uint16(1)
	channel, err := peer.CreateDataChannel("lab", &webrtc.DataChannelInit{Negotiated: &negotiated, ID: &id})
	check(err)
	channel.OnMessage(func(message webrtc.DataChannelMessage) { check(channel.SendText(string(message.Data))) })

	var offer webrtc.SessionDescription
	for i := 0; ; i++ {
		if text, err := os.ReadFile(*theirs); err == nil {
			check(json.Unmarshal(text, &offer))
			break
		}
		if i > 500 {
			log.Fatal("no offer")
		}
		time.Sleep(20 * time.Millisecond)
	}
	check(peer.SetRemoteDescription(offer))
	answer, err := peer.CreateAnswer(nil)
	check(err)
	done := webrtc.GatheringCompletePromise(peer)
	check(peer.SetLocalDescription(answer))
	<-done
	text, err := json.Marshal(peer.LocalDescription())
	check(err)
	check(os.WriteFile(*mine+".new", text, 0o644))
	check(os.Rename(*mine+".new", *mine))
	time.Sleep(time.Duration(*seconds) * time.Second)
	peer.Close()
}
