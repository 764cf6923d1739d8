using Merpati.Platform.Hosting;

namespace Merpati.Delivery.Host;

/// <summary>The top of Delivery's configuration.</summary>
public sealed class DeliveryHostOptions : ServiceOptions;
