using Merpati.Platform.Hosting;

namespace Merpati.OutboundRelay.Host;

/// <summary>The top of OutboundRelay's configuration.</summary>
public sealed class OutboundRelayHostOptions : ServiceOptions;
