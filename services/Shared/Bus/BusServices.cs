using MassTransit;
using Merpati.Accounts;
using Merpati.Bus.Bell;
using Merpati.Bus.Directory;
using Merpati.Bus.Mailboxes;
using Merpati.Mailboxes;
using Merpati.Platform.Bus;
using Merpati.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Merpati.Bus;

public static class BusServices
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);

    /// <summary>
    /// <see cref="IQueueBell"/>, <see cref="IMailboxChangeFeed"/> and <see cref="IDirectoryChangeFeed"/> over RabbitMQ. A start without a broker works: all of
    /// them do their work once it is there, and nothing waits for it.
    /// </summary>
    /// <param name="heard">The routes whose work this process does; their rings are shared with its other instances.</param>
    public static IServiceCollection AddBus(this IServiceCollection services, params QueueRoute[] heard)
    {
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<BusOptions>().BindConfiguration(BusOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<BusOptions>, BusOptionsValidator>();
        services.AddSingleton<BusMetrics>();
        services.AddSingleton(provider => new BusTopology(provider.GetRequiredService<IOptions<BusOptions>>().Value.Prefix));

        // First, so that it stops after those who send by it.
        services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.AddConsumer<RingConsumer>();
            bus.AddConsumer<DirectoryChangedConsumer>();
            bus.UsingRabbitMq((context, rabbit) => Configure(context, rabbit, heard));
        });

        services.AddSingleton<LocalQueueBell>();
        services.AddSingleton<BusQueueBell>();
        services.AddSingleton<IQueueBell>(provider => provider.GetRequiredService<BusQueueBell>());
        services.AddHostedService(provider => provider.GetRequiredService<BusQueueBell>());

        services.AddSingleton<LocalDirectoryChangeFeed>();
        services.AddSingleton<BusDirectoryChangeFeed>();
        services.AddSingleton<IDirectoryChangeFeed>(provider => provider.GetRequiredService<BusDirectoryChangeFeed>());
        services.AddHostedService(provider => provider.GetRequiredService<BusDirectoryChangeFeed>());

        services.AddSingleton<BusMailboxChangeFeed>();
        services.AddSingleton<IMailboxChangeFeed>(provider => provider.GetRequiredService<BusMailboxChangeFeed>());
        services.AddHostedService(provider => provider.GetRequiredService<BusMailboxChangeFeed>());

        services.AddReceiveObserver<DeadLetterObserver>();
        // A service without the broker is slower, and as healthy.
        services.PostConfigure<HealthCheckServiceOptions>(health =>
        {
            foreach (var ofBus in health.Registrations.Where(check => check.Name.StartsWith("masstransit", StringComparison.OrdinalIgnoreCase)).ToList()) health.Registrations.Remove(ofBus);
        });
        services.AddOptions<MassTransitHostOptions>().Configure(host =>
        {
            host.WaitUntilStarted = false;
            host.StopTimeout = TimeSpan.FromSeconds(5);
        });
        return services;
    }

    private static void Configure(IBusRegistrationContext context, IRabbitMqBusFactoryConfigurator rabbit, QueueRoute[] heard)
    {
        var options = context.GetRequiredService<IOptions<BusOptions>>().Value;
        var topology = context.GetRequiredService<BusTopology>();
        rabbit.Host(options.ToUri(), host =>
        {
            host.Heartbeat(Heartbeat);
            host.RequestedConnectionTimeout(options.SendTimeout);
            host.PublisherConfirmation = true;
            host.ConnectionName($"merpati events {Environment.MachineName}/{Environment.ProcessId}");
        });
        rabbit.SendTopology.ErrorQueueNameFormatter = topology;
        rabbit.SendTopology.DeadLetterQueueNameFormatter = topology;
        rabbit.SendTopology.ConfigureErrorSettings = BusTopology.ConfigureDeadLetters;
        rabbit.SendTopology.ConfigureDeadLetterSettings = BusTopology.ConfigureDeadLetters;
        rabbit.MessageTopology.SetEntityNameFormatter(topology);
        rabbit.Publish<MessageQueued>(publish => publish.ExchangeType = "direct");
        rabbit.Send<MessageQueued>(send => send.UseRoutingKeyFormatter(message => message.Message.Route));
        foreach (var route in heard.Distinct()) rabbit.ReceiveEndpoint(topology.RingsOf(route), endpoint => HearRings(endpoint, context, route, topology, options));
        rabbit.ReceiveEndpoint(topology.DirectoryChangesOf($"{Environment.MachineName}.{Guid.NewGuid():N}"), endpoint => HearDirectory(endpoint, context));
    }

    private static void HearRings(IRabbitMqReceiveEndpointConfigurator endpoint, IBusRegistrationContext context, QueueRoute route, BusTopology topology, BusOptions options)
    {
        endpoint.SetQuorumQueue();
        endpoint.QueueExpiration = options.UnusedQueuesExpire;
        endpoint.SetQueueArgument("x-message-ttl", (long)BusTopology.RingLifetime.TotalMilliseconds);
        endpoint.SetQueueArgument("x-max-length", BusTopology.MaxRings);
        endpoint.SetQueueArgument("x-overflow", "reject-publish");
        endpoint.SetQueueArgument("x-delivery-limit", BusTopology.DeliveryLimit);
        endpoint.PrefetchCount = 1;
        endpoint.ConcurrentMessageLimit = 1;
        endpoint.ConfigureConsumeTopology = false;
        endpoint.Bind<MessageQueued>(bind =>
        {
            bind.ExchangeType = "direct";
            bind.RoutingKey = BusTopology.Word(route);
        });
        // One queue for all that nobody can handle, declared with this one. The broker brings what workers died over, MassTransit the rest.
        endpoint.BindDeadLetterQueue(topology.DeadLetters, topology.DeadLetters, BusTopology.ConfigureDeadLetters);
        endpoint.UseMessageRetry(retry => retry.Immediate(1));
        endpoint.ConfigureConsumer<RingConsumer>(context);
        // While we were away others may have rung.
        var bell = context.GetRequiredService<LocalQueueBell>();
        endpoint.ConnectReceiveEndpointObserver(new ReadyObserver(() => bell.Ring(route)));
    }

    private static void HearDirectory(IRabbitMqReceiveEndpointConfigurator endpoint, IBusRegistrationContext context)
    {
        // Durable, so that a broker's restart in between loses nothing; gone when this process is, and if it was gone before the broker came back, soon after.
        endpoint.AutoDelete = true;
        endpoint.QueueExpiration = TimeSpan.FromMinutes(5);
        endpoint.SetQueueArgument("x-max-length", 100);
        endpoint.DiscardFaultedMessages();
        endpoint.DiscardSkippedMessages();
        endpoint.ConfigureConsumer<DirectoryChangedConsumer>(context);
        // While we were away the directory may have changed.
        var changes = context.GetRequiredService<LocalDirectoryChangeFeed>();
        endpoint.ConnectReceiveEndpointObserver(new ReadyObserver(changes.Announce));
        endpoint.ConnectReceiveEndpointObserver(ActivatorUtilities.CreateInstance<BrokerObserver>(context));
    }
}
