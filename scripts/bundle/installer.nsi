; Hairline for one Windows user: no administrator, nothing outside of the user's own folders and registry.
; Silent: Hairline.exe /S [/AUTOSTART=0] [/D=C:\folder], and for the removal uninstall.exe /S.
Unicode true
Target amd64-unicode
!ifdef FAST
SetCompressor zlib
!else
SetCompressor /SOLID lzma
SetCompressorDictSize 64
!endif
ManifestDPIAware true
RequestExecutionLevel user

!include MUI2.nsh
!include FileFunc.nsh
!include WinVer.nsh

!define KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\Hairline"
!define COMMAND '"$INSTDIR\node.exe" "$INSTDIR\app\server\cli\bin.mjs"'
; A console program would show a window; a headless console host has none. It also starts Hairline at logon.
!define HIDDEN '--headless ${COMMAND}'

Name "Hairline"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\Hairline"
InstallDirRegKey HKCU "${KEY}" "InstallLocation"
BrandingText "Hairline ${VERSION}"
VIProductVersion "${VERSION}.0"
VIAddVersionKey ProductName "Hairline"
VIAddVersionKey FileDescription "Hairline: portrait masks for Photoshop"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey LegalCopyright "MIT license"

!define MUI_ICON "${FOLDER}/hairline.ico"
!define MUI_UNICON "${FOLDER}/hairline.ico"
!define MUI_ABORTWARNING
!define MUI_COMPONENTSPAGE_NODESC
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_RUN
!define MUI_FINISHPAGE_RUN_TEXT "$(RUN)"
!define MUI_FINISHPAGE_RUN_FUNCTION open
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "SimpChinese"

LangString RUN ${LANG_ENGLISH} "Open Hairline and install the Photoshop panel"
LangString RUN ${LANG_SIMPCHINESE} "打开 Hairline 并安装 Photoshop 面板"
LangString AUTOSTART ${LANG_ENGLISH} "Start with Windows"
LangString AUTOSTART ${LANG_SIMPCHINESE} "随 Windows 启动"
LangString NO_AUTOSTART ${LANG_ENGLISH} "Windows did not allow Hairline to start with it. Hairline works all the same; open it from the Start menu."
LangString NO_AUTOSTART ${LANG_SIMPCHINESE} "Windows 不允许 Hairline 随系统启动。Hairline 仍可正常使用，请从开始菜单打开。"
LangString TOO_OLD ${LANG_ENGLISH} "Hairline needs Windows 10 or later."
LangString TOO_OLD ${LANG_SIMPCHINESE} "Hairline 需要 Windows 10 或更高版本。"
LangString RUNNING ${LANG_ENGLISH} "Hairline is still running and could not be stopped. Wait until its pictures are finished, then try again."
LangString RUNNING ${LANG_SIMPCHINESE} "Hairline 仍在运行，无法停止。请等待图片处理完毕后重试。"

Section "Hairline" SEC_MAIN
  SectionIn RO
  ; An older version goes first, with the files that only it had. Settings, models and autostart stay.
  IfFileExists "$INSTDIR\uninstall.exe" 0 fresh
    ExecWait '"$INSTDIR\uninstall.exe" /S /UPGRADE _?=$INSTDIR' $0
    StrCmp $0 0 +3
      MessageBox MB_OK|MB_ICONSTOP "$(RUNNING)" /SD IDOK
      Abort
  fresh:
  SetOutPath "$INSTDIR"
  File /r "${FOLDER}/*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  SetOutPath "$INSTDIR"
  ; SW_SHOWMINIMIZED: what little shows of the console host does not cover anything.
  CreateShortcut "$SMPROGRAMS\Hairline.lnk" "$SYSDIR\conhost.exe" '${HIDDEN} open' "$INSTDIR\hairline.ico" 0 SW_SHOWMINIMIZED
  WriteRegStr HKCU "${KEY}" "DisplayName" "Hairline"
  WriteRegStr HKCU "${KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${KEY}" "Publisher" "Hairline"
  WriteRegStr HKCU "${KEY}" "DisplayIcon" "$INSTDIR\hairline.ico"
  WriteRegStr HKCU "${KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${KEY}" "EstimatedSize" ${KILOBYTES}
  WriteRegDWORD HKCU "${KEY}" "NoModify" 1
  WriteRegDWORD HKCU "${KEY}" "NoRepair" 1
SectionEnd

Section "$(AUTOSTART)" SEC_AUTOSTART
  nsExec::ExecToLog '${COMMAND} autostart on'
  Pop $0
  StrCmp $0 0 +2
    MessageBox MB_OK|MB_ICONINFORMATION "$(NO_AUTOSTART)" /SD IDOK
SectionEnd

Function .onInit
  ${IfNot} ${AtLeastWin10}
    MessageBox MB_OK|MB_ICONSTOP "$(TOO_OLD)" /SD IDOK
    Abort
  ${EndIf}
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/AUTOSTART=" $1
  ${IfNot} ${Errors}
  ${AndIf} $1 == "0"
    !insertmacro UnselectSection ${SEC_AUTOSTART}
  ${EndIf}
FunctionEnd

; A folder of another name could be one that is in use for something else.
Function .onVerifyInstDir
  ${GetFileName} "$INSTDIR" $0
  StrCmp $0 "Hairline" +2
    StrCpy $INSTDIR "$INSTDIR\Hairline"
FunctionEnd

Function open
  Exec '"$SYSDIR\conhost.exe" ${HIDDEN} open'
FunctionEnd

Section "Uninstall"
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/UPGRADE" $1
  ${If} ${Errors}
    nsExec::ExecToLog '${COMMAND} uninstall --yes --models'
  ${Else}
    nsExec::ExecToLog '${COMMAND} stop'
  ${EndIf}
  Pop $0
  ; A program that runs cannot be deleted. One that is just ending, or that a virus scanner reads, can be a moment later.
  StrCpy $1 0
  ${Do}
    Delete "$INSTDIR\node.exe"
    ${IfNot} ${FileExists} "$INSTDIR\node.exe"
      ${Break}
    ${EndIf}
    Sleep 500
    IntOp $1 $1 + 1
  ${LoopUntil} $1 >= 60
  ${If} ${FileExists} "$INSTDIR\node.exe"
    MessageBox MB_OK|MB_ICONSTOP "$(RUNNING)" /SD IDOK
    SetErrorLevel 2
    Abort
  ${EndIf}
  !include "${REMOVAL}"
  ; Of "hairline update". Nothing else writes there.
  RMDir /r "$INSTDIR\versions"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\Hairline.lnk"
  DeleteRegKey HKCU "${KEY}"
SectionEnd
