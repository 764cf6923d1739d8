using Merpati.Mail.Dns;
using Merpati.OutboundRelay.Destinations;
using Merpati.OutboundRelay.DmarcReports;
using Merpati.OutboundRelay.Queue;
using Merpati.OutboundRelay.Sending;
using Merpati.OutboundRelay.TlsReports;
using Merpati.Platform.Reports;
using Merpati.Platform.Sharing;
using Merpati.Protocols.Smtp.Client;
using Merpati.QueueWork;
using Merpati.Signing;
using Merpati.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.OutboundRelay;

public static class OutboundRelayServices
{
    /// <summary>
    /// The relay of mail for other servers. The host brings the stores (content, queue, shared records, journal), <see cref="Accounts.IDirectory"/>, <see cref="IDkimKeys"/>,
    /// <see cref="Relaying.ISuppressionList"/> and <see cref="Storage.IQueueBell"/>, and sets
    /// <c>OutboundRelay:HostName</c>.
    /// </summary>
    public static IServiceCollection AddOutboundRelay(this IServiceCollection services)
    {
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<OutboundRelayOptions>().BindConfiguration(OutboundRelayOptions.Section).ValidateOnStart();
        services.AddOptions<SendingOptions>().BindConfiguration(SendingOptions.Section).ValidateOnStart();
        services.AddOptions<TlsReportOptions>().BindConfiguration(TlsReportOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<OutboundRelayOptions>, OutboundRelayOptionsValidator>();
        services.AddSingleton<IValidateOptions<SendingOptions>, SendingOptionsValidator>();
        services.AddSingleton<IValidateOptions<TlsReportOptions>, TlsReportOptionsValidator>();

        services.AddDestinations();
        services.AddSingleton<FindHosts>();
        services.AddHostedService<MtaStsRefresh>();

        services.AddSingleton(provider => new SmtpDialer(
            Value<SendingOptions>(provider), new SmtpClientOptions { HostName = Value<OutboundRelayOptions>(provider).HostName },
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<SmtpDialer>>()));
        services.AddSingleton<ConnectionPool>();
        services.AddHostedService(provider => provider.GetRequiredService<ConnectionPool>());
        services.AddSingleton(provider => new OutgoingSignatures(provider.GetRequiredService<IDkimKeys>(), Value<OutboundRelayOptions>(provider).HostName, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<RecentSignatures>();
        services.AddSingleton<MessagePreparation>();
        services.AddSingleton<OfferToHosts>();
        services.AddSingleton<TlsSessionReports>();

        services.AddReportsToSenders(provider => Value<OutboundRelayOptions>(provider).HostName);
        services.AddSingleton<DestinationGates>();
        services.AddSingleton<ProviderRests>();
        services.AddHostedService<ShareRests>();
        services.AddSingleton<RelaySchedules>();
        services.AddSingleton<RelayVerdicts>();
        services.AddSingleton(static provider => provider.HardBounces(Value<OutboundRelayOptions>(provider).Suppress));
        services.AddSingleton<RelayMetrics>();
        services.AddSingleton<RelayAttempt>();
        services.AddHostedService<RelayWorker>();

        services.AddSingleton(provider => new PublicHttpClient(provider.GetRequiredService<IMailDns>(), Value<DestinationOptions>(provider)));
        services.AddOwnMail();
        services.AddSingleton(provider => new SharedTlsSessions(
            provider.GetRequiredService<TlsReportCollector>(), provider.GetRequiredService<ISharedRecords>().Daily(SharedTlsSessions.Kind, provider.GetRequiredService<TimeProvider>()), provider.GetRequiredService<IOptions<TlsReportOptions>>()));
        services.AddDailyCounts(provider => provider.GetRequiredService<SharedTlsSessions>());
        services.AddHostedService<DailyTlsReports>();
        services.AddReportOptions();
        services.AddHostedService<DailyDmarcReports>();
        return services;
    }

    private static T Value<T>(IServiceProvider provider)
        where T : class
        => provider.GetRequiredService<IOptions<T>>().Value;
}

[OptionsValidator]
internal sealed partial class OutboundRelayOptionsValidator : IValidateOptions<OutboundRelayOptions>;

[OptionsValidator]
internal sealed partial class SendingOptionsValidator : IValidateOptions<SendingOptions>;

[OptionsValidator]
internal sealed partial class TlsReportOptionsValidator : IValidateOptions<TlsReportOptions>;
