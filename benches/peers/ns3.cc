// W1 (a chain) and W2 (a fabric) in ns-3: UDP sockets, IPv4, static routing, point-to-point devices.
//
//   ns3 w1|w2 PACKETS        prints "hops seconds mean_wait_ns p99_wait_ns" of the event loop
//
// What it does per hop more than fabricsim's data path: real header bytes added and parsed at every layer, a routing
// lookup over a list, several events. What it does less: no MACsec, no latency or loss accounting per flow.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "ns3/core-module.h"
#include "ns3/internet-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"

using namespace ns3;

namespace {

const uint16_t kPort = 9;
// 1500 bytes on the wire: point-to-point header 2, IPv4 20, UDP 8.
const uint32_t kPayload = 1500 - 2 - 20 - 8;

uint64_t g_left;       // packets still to be sent
uint64_t g_delivered;  // packets at their sinks
uint64_t g_unloaded;   // ps
std::vector<uint32_t> g_waits(1 << 20);

// splitmix64 and the inverse logarithm, as in the bare loop.
uint64_t g_state = 7;

double Exponential() {
    g_state += 0x9e3779b97f4a7c15ull;
    uint64_t z = (g_state ^ (g_state >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    z ^= z >> 31;
    return -std::log(((z >> 11) + 1) * (1.0 / 9007199254740992.0));
}

uint64_t NowPs() { return static_cast<uint64_t>(Simulator::Now().GetPicoSeconds()); }

struct Flow {
    Ptr<Socket> socket;
    double interval_ps;

    void Schedule() {
        Simulator::Schedule(PicoSeconds(std::llround(Exponential() * interval_ps)), &Flow::Send, this);
    }

    void Send() {
        if (g_left == 0) return;
        --g_left;
        uint64_t now = NowPs();
        uint8_t stamp[8];
        std::memcpy(stamp, &now, sizeof now);
        Ptr<Packet> packet = Create<Packet>(stamp, sizeof stamp);
        packet->AddPaddingAtEnd(kPayload - sizeof stamp);
        socket->Send(packet);
        Schedule();
    }
};

void Receive(Ptr<Socket> socket) {
    while (Ptr<Packet> packet = socket->Recv()) {
        uint8_t stamp[8];
        packet->CopyData(stamp, sizeof stamp);
        uint64_t sent;
        std::memcpy(&sent, stamp, sizeof sent);
        uint64_t wait_ns = (NowPs() - sent - g_unloaded) / 1000;
        ++g_waits[std::min<uint64_t>(wait_ns, g_waits.size() - 1)];
        ++g_delivered;
    }
}

// Picks the link by source port modulo 4: ns-3's own equal-cost multipath is per packet and random.
class ByPort : public Ipv4StaticRouting {
  public:
    std::vector<uint32_t> interfaces;

    Ptr<Ipv4Route> Choose(Ptr<Ipv4> ipv4, Ipv4Address to, uint16_t port) {
        Ptr<Ipv4Route> route = Create<Ipv4Route>();
        uint32_t interface = interfaces[port % interfaces.size()];
        route->SetDestination(to);
        route->SetGateway(Ipv4Address::GetZero());
        route->SetSource(ipv4->GetAddress(interface, 0).GetLocal());
        route->SetOutputDevice(ipv4->GetNetDevice(interface));
        return route;
    }

    bool RouteInput(Ptr<const Packet> packet, const Ipv4Header& header, Ptr<const NetDevice> from,
                    UnicastForwardCallback forward, MulticastForwardCallback multicast, LocalDeliverCallback local,
                    ErrorCallback error) override {
        Ptr<Ipv4> ipv4 = m_node->GetObject<Ipv4>();
        bool towards = true;
        for (uint32_t interface : interfaces) towards = towards && ipv4->GetNetDevice(interface) != from;
        if (!towards) return Ipv4StaticRouting::RouteInput(packet, header, from, forward, multicast, local, error);
        UdpHeader udp;
        packet->PeekHeader(udp);
        forward(Choose(ipv4, header.GetDestination(), udp.GetSourcePort()), packet, header);
        return true;
    }

    Ptr<Node> m_node;
};

struct World {
    InternetStackHelper stack;
    Ipv4AddressHelper addresses{"10.0.0.0", "255.255.255.252"};

    World() {
        stack.SetIpv6StackInstall(false);
        Ipv4StaticRoutingHelper only;
        stack.SetRoutingHelper(only);
    }

    NetDeviceContainer Link(Ptr<Node> a, Ptr<Node> b, const char* rate, const char* delay) {
        PointToPointHelper helper;
        helper.SetDeviceAttribute("DataRate", StringValue(rate));
        helper.SetChannelAttribute("Delay", StringValue(delay));
        helper.SetQueue("ns3::DropTailQueue", "MaxSize", StringValue("1000p"));
        NetDeviceContainer devices = helper.Install(a, b);
        addresses.Assign(devices);
        addresses.NewNetwork();
        return devices;
    }
};

Ptr<Ipv4StaticRouting> Routing(Ptr<Node> node) {
    Ipv4StaticRoutingHelper helper;
    return helper.GetStaticRouting(node->GetObject<Ipv4>());
}

uint32_t Interface(Ptr<Node> node, Ptr<NetDevice> device) {
    return node->GetObject<Ipv4>()->GetInterfaceForDevice(device);
}

Ipv4Address Address(Ptr<Node> node, Ptr<NetDevice> device) {
    return node->GetObject<Ipv4>()->GetAddress(Interface(node, device), 0).GetLocal();
}

void HostRoute(Ptr<Node> node, Ipv4Address to, Ptr<NetDevice> out) {
    Routing(node)->AddHostRouteTo(to, Interface(node, out));
}

void Sink(Ptr<Node> node) {
    Ptr<Socket> socket = Socket::CreateSocket(node, UdpSocketFactory::GetTypeId());
    socket->SetAttribute("RcvBufSize", UintegerValue(1u << 30));
    socket->Bind(InetSocketAddress(Ipv4Address::GetAny(), kPort));
    socket->SetRecvCallback(MakeCallback(&Receive));
}

Ptr<Socket> Client(Ptr<Node> node, Ipv4Address to, uint16_t port) {
    Ptr<Socket> socket = Socket::CreateSocket(node, UdpSocketFactory::GetTypeId());
    socket->Bind(InetSocketAddress(Ipv4Address::GetAny(), port));
    socket->Connect(InetSocketAddress(to, kPort));
    return socket;
}

std::vector<Flow*> Chain() {
    World world;
    NodeContainer nodes;
    nodes.Create(10);
    world.stack.Install(nodes);
    std::vector<NetDeviceContainer> links;
    for (uint32_t i = 0; i < 9; ++i) links.push_back(world.Link(nodes.Get(i), nodes.Get(i + 1), "100Gbps", "50us"));
    Ipv4Address target = Address(nodes.Get(9), links[8].Get(1));
    for (uint32_t i = 0; i < 9; ++i) HostRoute(nodes.Get(i), target, links[i].Get(0));
    Sink(nodes.Get(9));
    g_unloaded = 451080000;
    return {new Flow{Client(nodes.Get(0), target, 20000), 120000 / 0.7}};
}

std::vector<Flow*> Fabric() {
    World world;
    // Clusters 0 and 1, borders 2 and 3, then the four inner routers of each side.
    NodeContainer nodes;
    nodes.Create(12);
    world.stack.Install(nodes);
    NetDeviceContainer access[2];
    Ptr<ByPort> choice[2];
    Ipv4Address target[2];
    for (int side = 0; side < 2; ++side) {
        access[side] = world.Link(nodes.Get(side), nodes.Get(2 + side), "400Gbps", "1us");
        target[side] = Address(nodes.Get(side), access[side].Get(0));
    }
    NetDeviceContainer up[2][4];
    for (int path = 0; path < 4; ++path) {
        Ptr<Node> inner[2] = {nodes.Get(4 + path), nodes.Get(8 + path)};
        for (int side = 0; side < 2; ++side)
            up[side][path] = world.Link(nodes.Get(2 + side), inner[side], "100Gbps", "1us");
        NetDeviceContainer across = world.Link(inner[0], inner[1], "100Gbps", "50us");
        for (int side = 0; side < 2; ++side) {
            HostRoute(inner[side], target[1 - side], across.Get(side));
            HostRoute(inner[side], target[side], up[side][path].Get(1));
        }
    }
    for (int side = 0; side < 2; ++side) {
        Ptr<Node> border = nodes.Get(2 + side);
        HostRoute(nodes.Get(side), target[1 - side], access[side].Get(0));
        HostRoute(border, target[side], access[side].Get(1));
        choice[side] = Create<ByPort>();
        choice[side]->m_node = border;
        for (int path = 0; path < 4; ++path)
            choice[side]->interfaces.push_back(Interface(border, up[side][path].Get(0)));
        Ptr<Ipv4StaticRouting> before = Routing(border);
        choice[side]->SetIpv4(border->GetObject<Ipv4>());
        choice[side]->AddHostRouteTo(target[side], Interface(border, access[side].Get(1)));
        border->GetObject<Ipv4>()->SetRoutingProtocol(choice[side]);
        Sink(nodes.Get(side));
    }
    std::vector<Flow*> flows;
    Ptr<Socket> sockets[2][4];
    for (int side = 0; side < 2; ++side)
        for (int path = 0; path < 4; ++path)
            sockets[side][path] = Client(nodes.Get(side), target[1 - side], 20000 + path);
    for (int i = 0; i < 1000; ++i) flows.push_back(new Flow{sockets[i / 500][i % 4], 25e6});
    g_unloaded = 54420000;
    return flows;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    bool chain = std::strcmp(argv[1], "w1") == 0;
    g_left = std::strtoull(argv[2], nullptr, 10);
    Time::SetResolution(Time::PS);
    std::vector<Flow*> flows = chain ? Chain() : Fabric();
    for (Flow* flow : flows) flow->Schedule();
    auto begin = std::chrono::steady_clock::now();
    Simulator::Run();
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    double sum = 0;
    uint64_t seen = 0, p99 = 0;
    for (uint64_t ns = 0; ns < g_waits.size(); ++ns) {
        sum += static_cast<double>(ns) * g_waits[ns];
        if (seen < g_delivered * 0.99) p99 = ns;
        seen += g_waits[ns];
    }
    std::printf("%llu %.6f %.2f %llu\n", static_cast<unsigned long long>(g_delivered * (chain ? 9 : 5)), seconds,
                sum / g_delivered, static_cast<unsigned long long>(p99));
    return 0;
}
