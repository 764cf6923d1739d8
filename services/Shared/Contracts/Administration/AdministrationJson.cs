using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Merpati.Administration;

/// <summary>
/// The JSON of the admin API and of <c>merpati --json</c>. People script against the names: add fields, never rename or remove one.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    WriteIndented = true)]
[JsonSerializable(typeof(AdminEndpoint))]
[JsonSerializable(typeof(IReadOnlyList<DomainView>))]
[JsonSerializable(typeof(NewDomain))]
[JsonSerializable(typeof(CatchAllChange))]
[JsonSerializable(typeof(IReadOnlyList<AccountView>))]
[JsonSerializable(typeof(NewAccount))]
[JsonSerializable(typeof(AccountChange))]
[JsonSerializable(typeof(NewPassword))]
[JsonSerializable(typeof(IReadOnlyList<GrantView>))]
[JsonSerializable(typeof(GrantOrder))]
[JsonSerializable(typeof(IReadOnlyList<AliasView>))]
[JsonSerializable(typeof(AliasTargets))]
[JsonSerializable(typeof(IReadOnlyList<QueueEntryView>))]
[JsonSerializable(typeof(QueueEntryDetails))]
[JsonSerializable(typeof(QueuedTextView))]
[JsonSerializable(typeof(QueueSelection))]
[JsonSerializable(typeof(QueueChange))]
[JsonSerializable(typeof(QueueStatus))]
[JsonSerializable(typeof(IReadOnlyList<SuppressionView>))]
[JsonSerializable(typeof(NewSuppression))]
[JsonSerializable(typeof(ClassifierView))]
[JsonSerializable(typeof(LessonView))]
[JsonSerializable(typeof(TrainingView))]
[JsonSerializable(typeof(IReadOnlyList<TraceView>))]
[JsonSerializable(typeof(IReadOnlyList<DecisionView>))]
[JsonSerializable(typeof(PolicyDifferences))]
[JsonSerializable(typeof(PolicyTestView))]
[JsonSerializable(typeof(BackupOrder))]
[JsonSerializable(typeof(BackupDone))]
[JsonSerializable(typeof(IReadOnlyList<StoreCheck>))]
[JsonSerializable(typeof(IReadOnlyList<SchemaView>))]
[JsonSerializable(typeof(FsckReport))]
[JsonSerializable(typeof(IReadOnlyList<DnsRecordView>))]
[JsonSerializable(typeof(IReadOnlyList<DnsCheckView>))]
[JsonSerializable(typeof(ProbeView))]
[JsonSerializable(typeof(DirectoryExport))]
[JsonSerializable(typeof(ExportView))]
[JsonSerializable(typeof(ImportView))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(Removed))]
[JsonSerializable(typeof(PasswordSet))]
[JsonSerializable(typeof(VersionView))]
[JsonSerializable(typeof(IReadOnlyList<DkimKeyView>))]
[JsonSerializable(typeof(NewDkimKey))]
[JsonSerializable(typeof(DkimRotation))]
[JsonSerializable(typeof(SpfCheckView))]
[JsonSerializable(typeof(DkimCheckView))]
[JsonSerializable(typeof(ArcCheckView))]
[JsonSerializable(typeof(DmarcCheckView))]
[JsonSerializable(typeof(DmarcReportsView))]
[JsonSerializable(typeof(TlsReportsView))]
public sealed partial class AdministrationJson : JsonSerializerContext
{
    /// <summary>The same JSON for eyes and grep: letters of all languages, plus and angle brackets as they are. Not for HTML.</summary>
    public static AdministrationJson Readable => field ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
