using Grpc.Core;
using Merpati.Accounts;
using Merpati.Mailboxes;
using Merpati.Relaying;
using Merpati.Rpc.Accounts;
using Merpati.Rpc.Calls;
using Merpati.Rpc.Mailboxes;
using Merpati.Rpc.Queueing;
using Merpati.Rpc.Security;
using Merpati.Rpc.Signing;
using Merpati.Rpc.Timeline;
using Merpati.Signing;
using Merpati.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.Rpc;

/// <summary>The ports as other services serve them. They behave as the implementations do in one process, faults included; only slower.</summary>
public static class RpcClients
{
    /// <summary><see cref="IMailboxes"/> at Delivery.</summary>
    public static IServiceCollection AddMailboxesClient(this IServiceCollection services)
        => services.AddClient<IMailboxes>("mailboxes", AtDelivery, static (_, invoker, caller) => new MailboxesClient(new(invoker), caller));

    /// <summary>One more <see cref="IAccountRemoval"/>: what Delivery has of an account.</summary>
    public static IServiceCollection AddAccountRemovalClient(this IServiceCollection services)
        => services.AddClient<IAccountRemoval>("account removal", AtDelivery, static (_, invoker, caller) => new AccountRemovalClient(new(invoker), caller));

    /// <summary><see cref="IMailboxSharing"/> at Delivery.</summary>
    public static IServiceCollection AddMailboxSharingClient(this IServiceCollection services)
        => services.AddClient<IMailboxSharing>("mailbox sharing", AtDelivery, static (_, invoker, caller) => new MailboxSharingClient(new(invoker), caller));

    /// <summary><see cref="IMaildropLock"/> at Delivery. To be added before AddPop3Gateway, which else takes that of one process.</summary>
    public static IServiceCollection AddMaildropLockClient(this IServiceCollection services)
        => services.AddClient<IMaildropLock>("maildrop locks", AtDelivery, static (provider, invoker, caller) => new MaildropLockClient(new(invoker), caller, provider.GetRequiredService<ILogger<MaildropLockClient>>()));

    /// <summary><see cref="IMailQueue"/> at Delivery.</summary>
    public static IServiceCollection AddQueueClient(this IServiceCollection services)
        => services.AddClient<IMailQueue>("queue", AtDelivery, static (_, invoker, caller) => new MailQueueClient(new(invoker), caller));

    /// <summary><see cref="IQueuedHeaders"/> at Delivery.</summary>
    public static IServiceCollection AddQueuedHeadersClient(this IServiceCollection services)
        => services.AddClient<IQueuedHeaders>("queue", AtDelivery, static (_, invoker, caller) => new QueuedHeaderClient(new(invoker), caller));

    /// <summary><see cref="IJournal"/> at Delivery.</summary>
    public static IServiceCollection AddJournalClient(this IServiceCollection services)
        => services.AddClient<IJournal>("timeline", AtDelivery, static (_, invoker, caller) => new JournalClient(new(invoker), caller));

    /// <summary><see cref="IDirectory"/> at UserDirectory.</summary>
    public static IServiceCollection AddDirectoryClient(this IServiceCollection services)
        => services.AddClient<IDirectory>("directory", AtUserDirectory, static (_, invoker, caller) => new DirectoryClient(new(invoker), caller));

    /// <summary><see cref="ISuppressionList"/> at UserDirectory.</summary>
    public static IServiceCollection AddSuppressionsClient(this IServiceCollection services)
        => services.AddClient<ISuppressionList>("suppression list", AtUserDirectory, static (_, invoker, caller) => new SuppressionClient(new(invoker), caller));

    /// <summary><see cref="IDkimKeys"/> at UserDirectory, remembered; needs <see cref="IDirectoryChangeFeed"/>.</summary>
    public static IServiceCollection AddDkimKeysClient(this IServiceCollection services)
        => services.AddDirectoryCacheOptions().AddClient<IDkimKeys>("DKIM keys", AtUserDirectory, static (provider, invoker, caller)
            => ActivatorUtilities.CreateInstance<CachedDkimKeys>(provider, new DkimKeysClient(new(invoker), caller)));

    /// <summary>Whether Delivery is ready; for a host that cannot do without it. Throws with the reason where it does not.</summary>
    public static ValueTask CheckDeliveryAsync(IServiceProvider provider, CancellationToken cancellationToken)
        => CheckAsync(provider.GetRequiredService<Peers>().Delivery, cancellationToken);

    /// <summary>Whether UserDirectory is ready.</summary>
    public static ValueTask CheckUserDirectoryAsync(IServiceProvider provider, CancellationToken cancellationToken)
        => CheckAsync(provider.GetRequiredService<Peers>().UserDirectory, cancellationToken);

    internal static void AddRpc(this IServiceCollection services)
    {
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<RpcOptions>().BindConfiguration(RpcOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RpcOptions>, RpcOptionsRanges>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RpcOptions>, RpcOptionsValidator>());
        services.TryAddSingleton<RpcMetrics>();
        services.TryAddSingleton<ServiceIdentity>();
    }

    private static readonly Target AtDelivery = new(nameof(RpcOptions.Delivery), options => options.Delivery, peers => peers.Delivery);
    private static readonly Target AtUserDirectory = new(nameof(RpcOptions.UserDirectory), options => options.UserDirectory, peers => peers.UserDirectory);

    private sealed record Target(string Key, Func<RpcOptions, string?> Address, Func<Peers, CallInvoker> Invoker);

    private static IServiceCollection AddClient<TPort>(this IServiceCollection services, string port, Target target, Func<IServiceProvider, CallInvoker, Caller, TPort> create)
        where TPort : class
    {
        services.AddRpc();
        // Once, however many ports are called there.
        if (!services.Any(service => service.ImplementationInstance is PeerAddressValidator known && known.Key == target.Key))
            services.AddSingleton<IValidateOptions<RpcOptions>>(new PeerAddressValidator(target.Key, target.Address));
        services.TryAddSingleton<Peers>();
        services.AddSingleton(provider => create(provider, target.Invoker(provider.GetRequiredService<Peers>()), ActivatorUtilities.CreateInstance<Caller>(provider, port)));
        return services;
    }

    private static async ValueTask CheckAsync(CallInvoker invoker, CancellationToken cancellationToken)
    {
        try
        {
            var health = await new Grpc.Health.V1.Health.HealthClient(invoker).CheckAsync(new Grpc.Health.V1.HealthCheckRequest(), cancellationToken: cancellationToken);
            if (health.Status != Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus.Serving) throw new IOException("It is up, but not ready.");
        }
        catch (RpcException status) when (!cancellationToken.IsCancellationRequested) { throw new IOException(status.Status.DebugException?.GetBaseException().Message ?? status.Status.Detail, status); }
        catch (RpcException) { throw new OperationCanceledException(cancellationToken); }
    }
}
