// SPDX-License-Identifier: GPL-2.0-or-later

// An ICE agent of pion/ice. Two of them find each other by files: each writes what the other must know and waits for
// the other's.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"time"

	"github.com/pion/ice/v2"
)

type description struct {
	Ufrag, Password string
	Candidates      []string
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func write(path string, what description) {
	text, err := json.Marshal(what)
	check(err)
	check(os.WriteFile(path+".new", text, 0o644))
	check(os.Rename(path+".new", path))
}

func await(path string) (what description) {
	for i := 0; ; i++ {
		if text, err := os.ReadFile(path); err == nil {
			check(json.Unmarshal(text, &what))
			return
		}
		if i > 500 {
			log.Fatal("nobody writes ", path)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// describe gathers and tells the other side.
func describe(agent *ice.Agent, path string) {
	done := make(chan struct{})
	what := description{}
	check(agent.OnCandidate(func(candidate ice.Candidate) {
		if candidate == nil {
			close(done)
			return
		}
		what.Candidates = append(what.Candidates, candidate.Marshal())
	}))
	check(agent.GatherCandidates())
	<-done
	var err error
	what.Ufrag, what.Password, err = agent.GetLocalUserCredentials()
	check(err)
	write(path, what)
}

func learn(agent *ice.Agent, other description) {
	for _, text := range other.Candidates {
		candidate, err := ice.UnmarshalCandidate(text)
		check(err)
		check(agent.AddRemoteCandidate(candidate))
	}
}

func main() {
	mine := flag.String("mine", "", "file for what the other must know")
	theirs := flag.String("theirs", "", "file of the other")
	controlling := flag.Bool("controlling", false, "role")
	turnURL := flag.String("turn", "turn:192.0.2.1:3478?transport=tcp", "TURN server")
	user := flag.String("user", "lab", "user")
	password := flag.String("password", "secret", "password")
	wrong := flag.Bool("wrong", false, "use a wrong ICE password for the other side")
	restart := flag.Bool("restart", false, "restart ICE after the first packets")
	packets := flag.Int("packets", 6, "packets to send")
	after := flag.Duration("after", time.Second, "time to stay after that")
	patience := flag.Duration("patience", 8*time.Second, "time to wait for a pair")
	flag.Parse()

	url, err := ice.ParseURL(*turnURL)
	check(err)
	url.Username, url.Password = *user, *password
	keepalive := time.Second
	agent, err := ice.NewAgent(&ice.AgentConfig{
		Urls: []*ice.URL{url}, CandidateTypes: []ice.CandidateType{ice.CandidateTypeRelay},
		NetworkTypes: []ice.NetworkType{ice.NetworkTypeUDP4}, KeepaliveInterval: &keepalive,
		FailedTimeout: patience, IPFilter: func(net.IP) bool { return true },
	})
	check(err)
	describe(agent, *mine)
	other := await(*theirs)
	learn(agent, other)
	if *wrong {
		other.Password = "wrong-password-of-the-other-side"
	}
	ctx, cancel := context.WithTimeout(context.Background(), *patience)
	defer cancel()
	connect := agent.Accept
	if *controlling {
		connect = agent.Dial
	}
	conn, err := connect(ctx, other.Ufrag, other.Password)
	if err != nil {
		fmt.Println("no connection:", err)
		agent.Close()
		os.Exit(3)
	}
	talk(conn, *packets)
	if *restart {
		check(agent.Restart("", ""))
		describe(agent, *mine+".2")
		other = await(*theirs + ".2")
		check(agent.SetRemoteCredentials(other.Ufrag, other.Password))
		learn(agent, other)
		time.Sleep(2 * time.Second)
		talk(conn, *packets)
	}
	time.Sleep(*after)
	agent.Close()
}

// talk sends RTP packets of one source.
func talk(conn *ice.Conn, packets int) {
	go func() {
		for buffer := make([]byte, 2000); ; {
			if _, err := conn.Read(buffer); err != nil {
				return
			}
		}
	}()
	for i := 0; i < packets; i++ {
		packet := make([]byte, 60)
		packet[0], packet[1], packet[3], packet[7], packet[11] = 0x80, 111, byte(i), byte(i*160), 9
		if _, err := conn.Write(packet); err != nil {
			fmt.Println(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
