using Merpati.Mail.Dns;
using Merpati.Platform.Dns;
using Merpati.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Merpati.OutboundRelay.Destinations;

/// <summary>Where mail goes, and how the way there has to be protected.</summary>
internal static class DestinationServices
{
    /// <summary><see cref="DestinationResolver"/>, <see cref="RelayRoutes"/>, <see cref="TlsPolicies"/>, <see cref="MtaStsPolicies"/> and <see cref="TlsReportCollector"/>, with the sections Dns, Destinations, Relay and TlsPolicies.</summary>
    public static IServiceCollection AddDestinations(this IServiceCollection services)
    {
        services.AddMailDns();
        services.AddOptions<DestinationOptions>().BindConfiguration(DestinationOptions.Section).ValidateOnStart();
        services.AddOptions<RelayRoutesOptions>().BindConfiguration(RelayRoutesOptions.Section).ValidateOnStart();
        services.AddOptions<TlsPolicyOptions>().BindConfiguration(TlsPolicyOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<DestinationOptions>, DestinationOptionsValidator>();
        services.AddSingleton<IValidateOptions<RelayRoutesOptions>, RelayRoutesOptionsValidator>();
        services.AddSingleton<IValidateOptions<TlsPolicyOptions>, TlsPolicyOptionsValidator>();

        services.AddSingleton(provider => new DestinationResolver(provider.GetRequiredService<IMailDns>(), Options<DestinationOptions>(provider), Random.Shared));
        services.AddSingleton(provider => Options<RelayRoutesOptions>(provider).ToTable());
        services.AddSingleton<IMtaStsCache>(provider => new SharedMtaStsCache(provider.GetRequiredService<ISharedRecords>(), provider.GetRequiredService<TimeProvider>(), Options<TlsPolicyOptions>(provider).KeptPolicies));
        services.AddSingleton<IPolicyFetcher>(provider => new HttpPolicyFetcher(provider.GetRequiredService<IMailDns>(), Options<DestinationOptions>(provider), Options<TlsPolicyOptions>(provider).FetchTimeout));
        services.AddSingleton<MtaStsPolicies>();
        services.AddSingleton<DaneLookup>();
        services.AddSingleton(provider => Options<TlsPolicyOptions>(provider).ToTable());
        services.AddSingleton<TlsPolicies>();
        services.AddSingleton(provider => new TlsReportCollector(provider.GetRequiredService<TimeProvider>()));
        return services;
    }

    private static T Options<T>(IServiceProvider provider)
        where T : class
        => provider.GetRequiredService<IOptions<T>>().Value;
}

[OptionsValidator]
internal sealed partial class DestinationOptionsValidator : IValidateOptions<DestinationOptions>;

[OptionsValidator]
internal sealed partial class RelayRoutesOptionsValidator : IValidateOptions<RelayRoutesOptions>;

[OptionsValidator]
internal sealed partial class TlsPolicyOptionsValidator : IValidateOptions<TlsPolicyOptions>;
