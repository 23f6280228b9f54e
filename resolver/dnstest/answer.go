package dnstest

import (
	"time"

	"github.com/miekg/dns"
)

// ednsSize is the size of packets that the server says it takes, in octets.
const ednsSize = 1232

// reply is what goes back for one packet: nothing, one packet or two.
type reply struct {
	delay   time.Duration
	packets [][]byte
}

// respond makes the reply to a packet. What is no question has none.
func (s *Server) respond(packet []byte, network string) (r reply) {
	q := new(dns.Msg)
	if err := q.Unpack(packet); err != nil || q.Response || len(q.Question) != 1 {
		return reply{}
	}
	name, kind := dns.CanonicalName(q.Question[0].Name), q.Question[0].Qtype
	f := s.fault(name, kind, network)
	r.delay = f.Delay
	if f.Drop {
		return r
	}
	if f.NoEDNS && q.IsEdns0() != nil {
		m := &dns.Msg{MsgHdr: dns.MsgHdr{Id: q.Id, Response: true, Rcode: dns.RcodeFormatError}}
		r.add(m)
		return r
	}
	m := s.message(q, f)
	if wrong := f.wrong(m); wrong != nil {
		r.packets = append(r.packets, wrong)
		if !f.Follow {
			return r
		}
	}
	if network == "udp" {
		size := dns.MinMsgSize
		if opt := q.IsEdns0(); opt != nil {
			size = max(size, int(opt.UDPSize()))
		}
		m.Truncate(size)
		if f.Truncate {
			m.Truncated = true
			m.Answer, m.Ns = nil, nil
		}
	}
	r.add(m)
	return r
}

func (r *reply) add(m *dns.Msg) {
	if packet, err := m.Pack(); err == nil {
		r.packets = append(r.packets, packet)
	}
}

// message is the answer to a question, with the faults that are in it.
func (s *Server) message(q *dns.Msg, f Fault) *dns.Msg {
	m := new(dns.Msg).SetReply(q)
	m.RecursionAvailable = true
	m.Compress = true
	opt := q.IsEdns0()
	m.AuthenticatedData = f.Authenticated && (q.AuthenticatedData || opt != nil && opt.Do())
	asked := q.Question[0]
	switch {
	case f.Rcode != 0:
		m.Rcode = int(f.Rcode)
		if f.Rcode == NXDomain {
			m.Ns = s.zone.soa(dns.CanonicalName(asked.Name))
		}
	case f.Loop:
		m.Answer = []dns.RR{&dns.CNAME{
			Hdr:    dns.RR_Header{Name: asked.Name, Rrtype: dns.TypeCNAME, Class: dns.ClassINET, Ttl: defaultTTL},
			Target: asked.Name,
		}}
	default:
		m.Answer, m.Ns, m.Rcode = s.zone.answer(asked.Name, asked.Qtype, !f.Unchained)
	}
	if opt != nil {
		m.SetEdns0(ednsSize, opt.Do())
		if f.Explain != "" {
			own := m.IsEdns0()
			own.Option = append(own.Option, &dns.EDNS0_EDE{InfoCode: dns.ExtendedErrorCodeDNSBogus, ExtraText: f.Explain})
		}
	}
	return m
}

// wrong is the packet that a fault puts in the place of the answer, if it does.
func (f Fault) wrong(m *dns.Msg) []byte {
	bad := m.Copy()
	switch {
	case f.Garbage:
		return []byte("\xff\x00 this is no DNS message \x1b[31m")
	case f.WrongID:
		bad.Id ^= 0xffff
	case f.WrongQuestion:
		bad.Question[0].Name = "wrong.question.invalid."
	default:
		return nil
	}
	packet, err := bad.Pack()
	if err != nil {
		return nil
	}
	return packet
}
